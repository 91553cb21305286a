import Compression
import Disk
import Events
import Intake
import Storage

/// What a writer does when quarantine takes nothing more.
///
/// A message of a router source that has a rejected piece is not taken at all, and its producer sends
/// it again later. Nobody is asked by pull and sub sources: their rejected pieces are counted, and gone.
/// Events are filed as ever.
extension Writer {
    /// Reads a message through that waits for an answer, and files nothing; true when all of it can be
    /// filed though quarantine is full.
    ///
    /// If not, the producer hears so with the next commit, unless the writer is to leave.
    @inline(never)
    mutating func passesFullQuarantine(_ record: IntakeRecord) throws(FileSystemError) -> Bool {
        let isAcceptable = try isAcceptable(record)
        guard !isLeaving else { return false }
        if !isAcceptable { putOff(record) }
        return isAcceptable
    }

    private mutating func putOff(_ record: IntakeRecord) {
        quota.countRefused()
        answers.putOff(record, because: QuarantineQuota.reason)
    }

    /// Leaves a message whose piece the disk has just refused: its producer hears so if nothing of it was
    /// filed, else nothing.
    @inline(never)
    mutating func abandon(_ record: IntakeRecord) {
        isAbandoned = false
        if answers.isEmpty { putOff(record) } else { answers.abandon() }
    }

    /// Whether a message has no piece that would be rejected; false when the writer is to leave.
    private mutating func isAcceptable(_ record: IntakeRecord) throws(FileSystemError) -> Bool {
        let payload = record.payload
        if Self.isCompressed(payload) {
            guard case .ok? = try inflate(record, true) else { return false }
            beginInflated(record)
        } else {
            payloads.begin(payload)
        }
        while true {
            let count = payloads.next(burst.views)
            if count == 0 { return true }
            if burst.views[count - 1].rejection != nil { return false }
            guard try attend(isAnswered: true) else { return false }
        }
    }

    /// The slot for a rejected piece whose line has at most so many bytes; nil when quarantine takes
    /// nothing more.
    ///
    /// A message that waits for an answer was read through before, if quarantine was full then.
    mutating func quarantineSlot(
        _ rejection: Rejection,
        _ lineBytesMax: Int,
        _ record: IntakeRecord
    ) throws(FileSystemError) -> Int? {
        if quota.isFull, !record.isAnswered { return nil }
        let key = router.quarantineKey(rejection, receivedAt: record.receivedAt)
        if store.slot(for: key) < 0 { opened += 1 }
        return try store.quarantineSlot(key, router: router, lineBytesMax: lineBytesMax)
    }

    /// Takes a rejected piece for which quarantine has no place.
    mutating func refuse(_ record: IntakeRecord) {
        if record.isAnswered {
            isAbandoned = true
        } else {
            counts.arrive(record.source)
            counts.drop(record.source)
        }
    }
}
