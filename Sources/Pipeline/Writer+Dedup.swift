import Dedup
import Events
import Intake
import Segments
import Synchronization

/// Events of sources with `dedup` on.
extension Writer {
    /// Writes the event in ``view`` unless one with its `messageId` came before from the same source.
    mutating func fileOnce(
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        let identity = view.isMessageID ? PackedIdentity(view.id) : .none
        // While the event's place is looked for, the window's memory comes.
        let announced = identity.isNone ? nil : window.announce(identity, source: record.source)
        let route = route(record)
        if let announced {
            let original = window.admit(
                announced,
                receivedAt: record.receivedAt,
                writer: index,
                job: admitting
            )
            if original.isDuplicate { return leaveOut(record.source, original, isAnswered) }
        }
        let slot = try file(record, route)
        (identities + slot).pointee.add(
            identity,
            source: record.source,
            receivedAt: record.receivedAt
        )
        if isAnswered { answers.accept() }
    }

    /// Counts an event that came before; it takes no number.
    private mutating func leaveOut(
        _ source: Int,
        _ original: IdentityVerdict,
        _ isAnswered: Bool
    ) {
        counts.repeat(source)
        guard isAnswered else { return }
        answers.acceptDuplicate()
        // An original of this writer is in this commit or one before, and they are durable in order.
        if original.writer != index, original.job > 0 { wait(for: original) }
    }

    /// Holds the answer until the original is durable, which another writer has.
    @inline(never)
    private mutating func wait(for original: IdentityVerdict) {
        let durable = peers[original.writer].durableSequence.load(ordering: .acquiring)
        guard durable < original.job else { return }
        answers.wait(for: CommitPlace(writer: original.writer, job: original.job))
    }
}
