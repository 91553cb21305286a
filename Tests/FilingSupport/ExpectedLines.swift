import Archive
import Events
import Platform

/// The expected line for a message of one event, or of one piece that cannot be accepted.
package struct ExpectedLines: ~Copyable {
    package struct Line {
        /// Without its line feed.
        package var bytes: [UInt8]
        /// Its folder, by channel or reason.
        package var folder: String
    }

    private let splicers: UnsafeMutablePointer<EventSplicer>
    private let count: Int
    private var reader = PayloadReader(limits: PayloadLimits())

    package init(node: String, sources: [String], run: String) {
        count = sources.count
        splicers = .allocate(capacity: count)
        for (at, source) in sources.enumerated() {
            (splicers + at).initialize(to: EventSplicer(node: node, source: source, run: run))
        }
    }

    deinit {
        splicers.deinitialize(count: count)
        splicers.deallocate()
    }

    package mutating func line(
        _ payload: [UInt8],
        source: Int,
        receivedAt: Int64,
        sequence: UInt64
    ) -> Line {
        payload.withUnsafeBytes { bytes in
            var view = EventView()
            reader.begin(bytes)
            _ = reader.next(&view)
            guard let rejection = view.rejection else {
                return event(view, source: source, receivedAt: receivedAt, sequence: sequence)
            }
            let line = QuarantineRecord.line(
                view,
                rejection: rejection,
                splicer: &splicers[source],
                receivedAt: receivedAt,
                sequence: sequence
            )
            let folder = "\(SegmentFormat.quarantine)/reason=\(rejection.rawValue)"
            return Line(bytes: Array(line.dropLast()), folder: folder)
        }
    }

    private func event(
        _ view: EventView,
        source: Int,
        receivedAt: Int64,
        sequence: UInt64
    ) -> Line {
        let time = view.time.isEmpty ? nil : Timestamp.parse(view.time)
        let resolved = ResolvedEvent(channel: view.channel, time: time)
        let bytesMax = splicers[source].bytesMax(for: view, as: resolved)
        let line = [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            count = splicers[source].write(
                view,
                as: resolved,
                receivedAt: receivedAt,
                sequence: sequence,
                to: start
            )
        }
        let name = String(decoding: view.channel, as: UTF8.self)
        return Line(
            bytes: Array(line.dropLast()),
            folder: "\(SegmentFormat.events)/channel=\(name)"
        )
    }
}
