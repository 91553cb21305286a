import Compression
import Disk
import Events
import Intake
import Ring
import Storage

/// A message's way into segments.
extension Writer {
    /// Puts a message that looks like one event aside, to be read with those that come next; files
    /// all that is in any other.
    mutating func gather(_ record: IntakeRecord) throws(FileSystemError) {
        if messages.add(record) { return }
        try takeRun()
        if !messages.add(record) { try take(record) }
    }

    /// Files the events of the messages put aside.
    mutating func takeRun() throws(FileSystemError) {
        var taken = messages.count > 1 ? try takeTogether() : 0
        // What is not one event is a matter for whoever reads a message by itself.
        while taken < messages.count, !isLeaving {
            try take(messages.records[taken])
            taken += 1
        }
        messages.removeAll()
    }

    /// Files events for as long as each message is one, and gives their number.
    private mutating func takeTogether() throws(FileSystemError) -> Int {
        payloads.begin(messages.payloads)
        // All of them have its source, its time, and its need of an answer.
        let first = messages.records[0]
        let isAnswered = first.isAnswered
        let isDeduplicated = deduplicated[first.source]
        var taken = 0
        while true {
            let count = payloads.next(burst.views)
            if count == 0 { return taken }
            prepare(count, first, isDeduplicated)
            for at in 0..<count {
                let record = messages.records[taken + at]
                if isAnswered { beginAnswer(record) }
                counts.arrive(first.source)
                try accept(at, first, isDeduplicated, isAnswered)
                if isAnswered { answers.end(record) }
            }
            taken += count
            guard try attend(isAnswered: false) else { return taken }
        }
    }

    /// Reads a message and files all that is in it.
    private mutating func take(_ record: IntakeRecord) throws(FileSystemError) {
        let isAnswered = record.isAnswered
        if isAnswered {
            beginAnswer(record)
            if quota.isFull, try !passesFullQuarantine(record) { return }
        }
        let payload = record.payload
        if Self.isCompressed(payload) {
            try takeInflated(record, isAnswered)
        } else {
            payloads.begin(payload)
            var rejections = RejectedPieces()
            try takePieces(record, isAnswered, &rejections)
        }
        // Of a message that was left in the middle the client hears nothing, and sends it again.
        if isAbandoned {
            abandon(record)
        } else if isAnswered, !isLeaving {
            answers.end(record)
        }
    }

    /// Whether a payload begins as gzip does (RFC 1952, section 2.3.1).
    @inline(__always)
    static func isCompressed(_ payload: UnsafeRawBufferPointer) -> Bool {
        payload.count >= 2 && payload[0] == 0x1F && payload[1] == 0x8B
    }

    mutating func takePieces(
        _ record: IntakeRecord,
        _ isAnswered: Bool,
        _ rejections: inout RejectedPieces
    ) throws(FileSystemError) {
        let isDeduplicated = deduplicated[record.source]
        while true {
            let count = payloads.next(burst.views)
            if count == 0 { return }
            // Only the last piece of a burst may be a rejection.
            let events = burst.views[count - 1].rejection == nil ? count : count - 1
            prepare(events, record, isDeduplicated)
            for at in 0..<events {
                counts.arrive(record.source)
                try accept(at, record, isDeduplicated, isAnswered)
            }
            if events < count {
                try reject(events, record, isAnswered, &rejections)
                if isAbandoned { return }
            }
            guard try attend(isAnswered: isAnswered) else { return }
        }
    }

    private mutating func beginAnswer(_ record: IntakeRecord) {
        answers.begin()
        schedule.wantAnswer(bytes: record.payload.count)
    }

    /// Finds out which events of the burst came before, and where the others belong.
    private mutating func prepare(_ events: Int, _ record: IntakeRecord, _ isDeduplicated: Bool) {
        if isDeduplicated {
            // While contents are hashed, the window's memory comes.
            announce(events, record)
            admit(record)
        }
        findRoutes(events, record, isDeduplicated)
    }

    /// Files an event of the burst.
    private mutating func accept(
        _ at: Int,
        _ record: IntakeRecord,
        _ isDeduplicated: Bool,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        if isDeduplicated { return try fileOnce(at, record, isAnswered) }
        try file(at, record)
        if isAnswered { answers.accept() }
    }

    /// Writes an event of the burst into its partition's segment, and gives the segment's slot.
    @discardableResult
    mutating func file(
        _ at: Int,
        _ record: IntakeRecord,
        isIDReused: Bool = false
    ) throws(FileSystemError) -> Int {
        let route = burst.routes[at]
        let source = record.source
        let slot = try slot(route.key)
        let resolved = ResolvedEvent(
            channel: channel(at, source),
            time: route.eventTime,
            isIDReused: isIDReused
        )
        let need = (splicers + source).pointee.bytesMax(for: burst.views[at], as: resolved)
        let pending = pendings + slot
        if pending.pointee.room < need { try store.makeRoom(need, in: slot) }
        let sequence = sequences.next(source)
        let count = (splicers + source).pointee.write(
            burst.views[at],
            as: resolved,
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

    mutating func slot(_ key: PartitionKey) throws(FileSystemError) -> Int {
        let slot = store.slot(for: key)
        if slot >= 0 { return slot }
        opened += 1
        return try store.open(key, router: router)
    }
}
