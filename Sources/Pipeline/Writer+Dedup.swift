import Archive
import Dedup
import Disk
import Events
import Intake
import Synchronization

/// Events of sources with `dedup` on.
extension Writer {
    /// Has the window's memory come for the ids of the burst's events.
    mutating func announce(_ count: Int, _ record: IntakeRecord) {
        burst.identities.clear()
        for at in 0..<count {
            let identity =
                burst.views[at].isMessageID ? PackedIdentity(burst.views[at].id) : .none
            let content = identity.isNone ? 0 : contentHash(burst.views[at])
            window.announce(
                identity,
                content: content,
                source: record.source,
                in: &burst.identities
            )
        }
    }

    /// Looks the announced ids up, and takes in those that are new.
    func admit(_ record: IntakeRecord) {
        window.admit(
            burst.identities,
            receivedAt: record.receivedAt,
            writer: index,
            job: admitting
        )
    }

    /// Writes an event of the burst unless it came before: one from the same source with its
    /// `messageId` and its content.
    mutating func fileOnce(
        _ at: Int,
        _ record: IntakeRecord,
        _ isAnswered: Bool
    ) throws(FileSystemError) {
        let original = burst.identities.verdict(at: at)
        if original.isDuplicate { return leaveOut(record.source, original, isAnswered) }
        let slot = try file(at, record, isIDReused: original.isReused)
        if original.isReused { counts.reuse(record.source) }
        (identities + slot).pointee.add(
            burst.identities.identity(at: at),
            content: burst.identities.content(at: at),
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
