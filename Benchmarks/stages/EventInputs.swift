import Events
import Platform
import Producer

/// The events that every stage processes: the same bytes in every run.
///
/// Stored in memory that never moves, because views point into it.
enum EventInputs {
    static let count = 1_000
    /// The mean size of an event in the project's measurements.
    static let eventBytes = 465
    /// Events per message, for messages with many.
    static let batch = 100
    /// 2026-11-22T10:00:00.123456Z.
    static let receivedAt: Int64 = 1_795_341_600_123_456

    /// One message per event.
    nonisolated(unsafe) static let single = payloads(batch: 1)
    /// One message per hundred events, one per line, as touchpoint-send writes them.
    nonisolated(unsafe) static let batches = payloads(batch: batch)
    static let singleBytes = single.reduce(0) { $0 + $1.count }
    static let batchBytes = batches.reduce(0) { $0 + $1.count }

    /// The reader's view of each of ``single``.
    ///
    /// Their texts have no escapes, so all views point into the payloads.
    nonisolated(unsafe) static let views: [EventView] = {
        var reader = PayloadReader(limits: PayloadLimits())
        var views: [EventView] = []
        for payload in single {
            var view = EventView()
            reader.begin(payload)
            precondition(reader.next(&view) && view.rejection == nil, "a generated event is one")
            for text in [view.bytes, view.channel, view.name, view.time] {
                precondition(isInside(text, payload), "an event's text lies in its payload")
            }
            views.append(view)
        }
        return views
    }()

    /// Allocates room for as many events as the writer reads at once; the caller owns it.
    static func burst() -> UnsafeMutableBufferPointer<EventView> {
        let views = UnsafeMutableBufferPointer<EventView>.allocate(
            capacity: PayloadReader.burstSize
        )
        views.initialize(repeating: EventView())
        return views
    }

    static let timeBytes = views.reduce(0) { $0 + $1.time.count }

    /// The events in the form of a file, one after another.
    nonisolated(unsafe) static let lines: UnsafeRawBufferPointer = {
        var splicer = EventSplicer(node: "c1", source: "reliable", run: "20261122T100000.000Z-0a1b")
        let room = views.reduce(0) { $0 + splicer.bytesMax(for: $1, as: resolved($1)) }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        var end = memory
        for (at, view) in views.enumerated() {
            end += splicer.write(
                view,
                as: resolved(view),
                receivedAt: receivedAt,
                sequence: UInt64(at + 1),
                to: end
            )
        }
        return UnsafeRawBufferPointer(start: memory, count: end - memory)
    }()

    /// Returns an event as the writer passes it on: generated ones have a channel and a time.
    static func resolved(_ view: borrowing EventView) -> ResolvedEvent {
        ResolvedEvent(channel: view.channel, time: Timestamp.parse(view.time))
    }

    private static func payloads(batch: Int) -> [UnsafeRawBufferPointer] {
        var configuration = GeneratedEvents.Configuration(count: count, run: 0x0123_4567_89AB_CDEF)
        configuration.eventBytes = eventBytes
        let nanoseconds = receivedAt * 1_000
        var events = GeneratedEvents(configuration, clock: { nanoseconds })
        var payloads: [UnsafeRawBufferPointer] = []
        for _ in 0..<(count / batch) {
            var bytes: [UInt8] = []
            for at in 0..<batch {
                if at > 0 { bytes.append(UInt8(ascii: "\n")) }
                precondition(events.appendNext(to: &bytes), "there are as many as were asked for")
            }
            payloads.append(kept(bytes))
        }
        return payloads
    }

    private static func kept(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        memory.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }

    private static func isInside(
        _ text: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer
    ) -> Bool {
        guard let start = text.baseAddress, let whole = payload.baseAddress else { return false }
        return start >= whole && start + text.count <= whole + payload.count
    }
}
