import Agents
import Disk
import Filing
import Platform
import Ring
import Storage
import Synchronization

/// Work that must not wait for the end of a message: heartbeat, commit, commands, shutdown.
///
/// One message can have a hundred thousand events, each of a different partition. So the stage
/// returns between two bursts of events, and while it inflates. A commit in the middle of a message
/// has the events filed so far; the message's answer goes with the commit of its last event.
/// Commits of one writer become durable in their order, so that answer is true.
extension Writer {
    /// Sealed files that may wait for a commit under way, in the middle of a message: they hold
    /// descriptors until then, and a commit of many of them delays a shutdown.
    private static let sealsAheadMax = FilingStage.opensMax
    /// How long a writer that is far ahead of its committer waits before it checks again.
    private static let attentionSleepNanoseconds: Int64 = 50_000_000

    /// Does this work within a message; returns false when the writer must leave it and end.
    mutating func lookUp() throws(FileSystemError) -> Bool {
        while true {
            shared.heartbeat.beat()
            readClocks()
            if shared.leave.load(ordering: .acquiring) {
                isLeaving = true
                return false
            }
            if shared.isHalted { try replaceSegments() }
            lastMessageAt = now
            noteWanted()
            schedule.touch(at: now)
            for command in shared.takeCommands() { try perform(command, isWithinMessage: true) }
            try lookAtSegments()
            tell()
            if isCommitDue || isFarAhead && shared.jobsUnderWay.load(ordering: .acquiring) == 0 {
                try commit(isLast: false)
                if filing.isWithinAnsweredMessage { schedule.wantAnswers(1, bytes: 0) }
            }
            guard isFarAhead else { return true }
            shared.parker.park(timeoutNanoseconds: Self.attentionSleepNanoseconds) {
                shared.jobsUnderWay.load(ordering: .acquiring) == 0 || shared.isHalted
                    || shared.hasWaitingCommands || shared.leave.load(ordering: .acquiring)
            }
        }
    }

    /// Whether the committer must catch up before more of a message is filed.
    private var isFarAhead: Bool {
        store.heldBytes > Self.heldBytesMax || store.sealsWait >= Self.sealsAheadMax
    }

    /// Seals segments that are too old, idle, or of a past hour; checks a few times a second.
    mutating func lookAtSegments() throws(FileSystemError) {
        guard now - lastLook >= Self.lookNanoseconds else { return }
        lastLook = now
        store.forgetHeld(durable: shared.durableCommit.load(ordering: .acquiring))
        try filing.sealDue()
        if store.sealsWait > 0 { schedule.touch(at: now) }
    }

    /// Whether to commit now.
    var isCommitDue: Bool {
        schedule.isDue(
            at: now,
            lastMessageAt: lastMessageAt,
            jobsUnderWay: shared.jobsUnderWay.load(ordering: .acquiring),
            durableAt: shared.durableAt.load(ordering: .relaxed),
            seals: store.sealsWait,
            compressedBytes: store.compressedBytes
        )
    }
}
