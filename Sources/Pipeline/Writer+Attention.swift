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
            if shared.isToLeave {
                isLeaving = true
                return false
            }
            if shared.isHalted { try replaceSegments() }
            times.noteMessage()
            noteWanted()
            schedule.touch(at: times.now)
            for command in shared.takeCommands() { try perform(command, isWithinMessage: true) }
            try lookAtSegments()
            tell()
            if isCommitDue || isFarAhead && !shared.hasJobsUnderWay {
                try commit(isLast: false)
                if filing.isWithinAnsweredMessage { schedule.wantAnswers(1, bytes: 0) }
            }
            guard isFarAhead else { return true }
            shared.parker.park(timeoutNanoseconds: Self.attentionSleepNanoseconds) {
                !shared.hasJobsUnderWay || shared.isHalted
                    || shared.hasWaitingCommands || shared.isToLeave
            }
        }
    }

    /// Whether the committer must catch up before more of a message is filed.
    private var isFarAhead: Bool {
        store.heldBytes > Self.heldBytesMax || store.sealsWait >= Self.sealsAheadMax
    }

    /// Seals segments that are too old, idle, or of a past hour; checks a few times a second.
    mutating func lookAtSegments() throws(FileSystemError) {
        guard times.isTimeToLook() else { return }
        store.forgetHeld(durable: shared.durableCommit)
        try filing.sealDue()
        if store.sealsWait > 0 { schedule.touch(at: times.now) }
    }

    /// Whether to commit now.
    var isCommitDue: Bool {
        schedule.isDue(
            at: times.now,
            lastMessageAt: times.lastMessageAt,
            jobsUnderWay: shared.jobsUnderWay,
            durableAt: shared.durableAt,
            seals: store.sealsWait,
            compressedBytes: store.compressedBytes
        )
    }
}
