import Compression
import Events
import Intake
import Ring
import Segments

/// Where an event belongs.
struct Route {
    /// Of ``PartitionRouter/channel(_:receivedAt:)``.
    var channel: UInt32
    var key: PartitionKey
    /// Microseconds since 1970 UTC, by its producer.
    var eventTime: Int64?
}

/// A message's way into segments.
extension Writer {
    /// Reads a message and files all that is in it.
    mutating func take(_ record: IntakeRecord) throws(FileSystemError) {
        let isAnswered = record.isAnswered
        if isAnswered {
            answers.begin()
            schedule.wantAnswer(bytes: record.payload.count)
        }
        let payload = record.payload
        if payload.count >= 2, payload[0] == 0x1F, payload[1] == 0x8B {
            try takeInflated(record, isAnswered)
        } else {
            payloads.begin(payload)
            try takePieces(record, isAnswered)
        }
        if isAnswered { answers.end(record) }
    }

    private mutating func takePieces(
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        let isDeduplicated = deduplicated[record.source]
        while payloads.next(&view) {
            counts.arrive(record.source)
            if let rejection = view.rejection {
                try quarantine(rejection, record)
                if isAnswered { answers.reject(rejection) }
            } else if isDeduplicated {
                try fileOnce(record, isAnswered)
            } else {
                try file(record, route(record))
                if isAnswered { answers.accept() }
            }
        }
    }

    @inline(never)
    private mutating func takeInflated(
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        let outcome = inflater.inflate(
            record.payload,
            into: &inflated,
            limit: configuration.inflatedBytesMax
        )
        view = EventView()
        view.bytes = record.payload
        switch outcome {
        case .ok:
            payloads.begin(inflated.bytes)
            return try takePieces(record, isAnswered)
        case .tooLarge:
            view.rejection = .tooLarge
        case .failed(let offset, _):
            view.rejection = .inflateFailed
            view.errorOffset = offset
        }
        guard let rejection = view.rejection else { return }
        counts.arrive(record.source)
        try quarantine(rejection, record)
        if isAnswered { answers.reject(rejection) }
    }

    /// Finds out where the event in ``view`` belongs; nothing is written or counted.
    mutating func route(_ record: IntakeRecord) -> Route {
        let source = record.source
        let eventTime = view.time.isEmpty ? nil : Timestamp.parse(view.time)
        let named =
            view.channel.isEmpty ? UnsafeRawBufferPointer(defaultChannels[source]) : view.channel
        let channel = router.channel(named, receivedAt: record.receivedAt)
        let key = router.key(
            channel: channel,
            event: view.name,
            source: source,
            receivedAt: record.receivedAt,
            eventTime: eventTime
        )
        return Route(channel: channel, key: key, eventTime: eventTime)
    }

    /// Writes the event in ``view`` into its partition's segment, and gives the segment's slot.
    @discardableResult
    mutating func file(_ record: IntakeRecord, _ route: Route) throws(FileSystemError) -> Int {
        let source = record.source
        let slot = try slot(route.key)
        let need = (splicers + source).pointee.bytesMax(for: view)
        let pending = pendings + slot
        if pending.pointee.room < need { try store.makeRoom(need, in: slot) }
        let sequence = sequences.next(source)
        let count = (splicers + source).pointee.write(
            view,
            receivedAt: record.receivedAt,
            sequence: sequence,
            to: pending.pointee.end
        )
        pending.pointee.add(
            count,
            source: source,
            sequence: sequence,
            receivedAt: record.receivedAt,
            eventTime: route.eventTime
        )
        counts.accept(source, channel: route.channel)
        return slot
    }

    @inline(never)
    private mutating func quarantine(
        _ rejection: Rejection,
        _ record: IntakeRecord
    ) throws(FileSystemError) {
        let source = record.source
        let slot = try slot(router.quarantineKey(rejection, receivedAt: record.receivedAt))
        let sequence = sequences.next(source)
        let line = QuarantineRecord.line(
            view,
            rejection: rejection,
            splicer: &(splicers + source).pointee,
            receivedAt: record.receivedAt,
            sequence: sequence
        )
        let pending = pendings + slot
        if pending.pointee.room < line.count { try store.makeRoom(line.count, in: slot) }
        pending.pointee.end.update(from: line, count: line.count)
        pending.pointee.add(
            line.count,
            source: source,
            sequence: sequence,
            receivedAt: record.receivedAt,
            eventTime: nil
        )
        counts.reject(source, rejection)
    }

    private mutating func slot(_ key: PartitionKey) throws(FileSystemError) -> Int {
        let slot = store.slot(for: key)
        return slot >= 0 ? slot : try store.open(key, router: router)
    }
}
