import Events
import Intake

/// Messages that came one after the other from one source, at one time, and look like an event each.
///
/// One thread, the writer's. Plain memory, because every such message goes through it.
struct MessageRun: ~Copyable {
    var payloads = JoinedPayloads()
    /// They point into the ring, which must keep them until the run is taken.
    let records: UnsafeMutablePointer<IntakeRecord> = .allocate(capacity: JoinedPayloads.countMax)

    var count: Int { payloads.count }

    deinit {
        records.deallocate()
    }

    /// Takes a message in; false when it does not belong with those that are there.
    mutating func add(_ record: IntakeRecord) -> Bool {
        let at = count
        if at > 0 {
            guard records[0].receivedAt == record.receivedAt,
                records[0].isAnswered == record.isAnswered, records[0].source == record.source
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
