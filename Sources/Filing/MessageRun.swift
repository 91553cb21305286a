import Events
import Intake

/// Consecutive messages of one producer and time, each of which looks like one event.
///
/// Only the writer's thread uses it. Plain memory, because every such message is in it.
struct MessageRun: ~Copyable {
    var payloads = JoinedPayloads()
    /// They point into the ring, which must keep them until the run is taken.
    let records: UnsafeMutablePointer<IntakeRecord> = .allocate(capacity: JoinedPayloads.countMax)

    var count: Int { payloads.count }

    deinit {
        records.deallocate()
    }

    /// Adds a message; returns false if it does not fit the others.
    mutating func add(_ record: IntakeRecord) -> Bool {
        let at = count
        guard record.mayBeJoined else { return false }
        if at > 0 {
            guard records[0].receivedAt == record.receivedAt,
                records[0].isAnswered == record.isAnswered,
                records[0].producer == record.producer
            else { return false }
        }
        guard payloads.add(record.payload) else { return false }
        (records + at).initialize(to: record)
        return true
    }

    mutating func removeAll() {
        payloads.removeAll()
    }
}

extension IntakeRecord {
    /// Whether it may be read together with others: nothing of it has to be decided before.
    fileprivate var mayBeJoined: Bool {
        !RequestNote.has(.isReadAlone, in: note)
    }

    /// The member in which its events are, if not `batch`; nil for most messages.
    var list: StaticString? { RequestNote.has(.isEnvelope, in: note) ? "data" : nil }

    /// Whether its payload may be a zlib stream.
    var isDeflated: Bool { RequestNote.has(.isDeflated, in: note) }
}
