import Events
import Intake
import Storage

/// Reading through a message before any of it is filed, while quarantine is full.
extension FilingStage {
    /// Whether the message must be read through first, since the producer that its payload names has
    /// used up its share of quarantine; then it has been begun again.
    mutating func mustCheck(_ record: IntakeRecord) -> Bool {
        guard record.isAnswered, let producer = notes.producer,
            filer.isQuarantineFull(of: producer)
        else { return false }
        reader.begin(
            record.payload,
            source: record.source,
            isDeflated: record.isDeflated,
            list: record.list
        )
        work = .checking
        return true
    }

    /// Reads through a message that waits for an answer, and files nothing; returns true if all of
    /// it can be filed though quarantine is full, and it has been begun again.
    ///
    /// If not, either its producer is told so with the next commit, or reading is not complete yet.
    @inline(never)
    mutating func passesFullQuarantine(_ record: IntakeRecord) -> Bool {
        while true {
            switch reader.next(&burst) {
            case .read:
                if judge != nil || reader.isWanted {
                    setOrigin(record)
                    askJudge()
                }
                if burst.hasRejections, !record.isDeclined {
                    filer.putOff(record)
                    work = .none
                    return false
                }
            case .inflating:
                break
            case .ended:
                reader.begin(
                    record.payload,
                    source: record.source,
                    isDeflated: record.isDeflated,
                    list: record.list
                )
                work = .filing
                return true
            }
            if isTimeToReturn { return false }
        }
    }
}
