import Segments

/// Decides when a writer commits.
///
/// A value without clock or disk: it is told what happens.
///
/// A commit begins when events have waited for the interval; or, when producers wait for
/// acknowledgements and the disk is idle, at once if the rings are empty, else after a moment: a
/// commit under way gathers the next one behind it, so the disk's own speed sets the pace (as group
/// commit does in databases), and reading goes on while it syncs. Where many messages wait at once,
/// the next commit keeps some distance to the last: each syncs every file, and a disk has only so
/// many syncs a second (PostgreSQL's `commit_siblings` and `commit_delay` weigh the same).
///
/// A commit that takes longer than the interval, as of a thousand files, is followed by a pause as
/// long while events keep coming for which nobody waits: without it a good part of the processor
/// would go into syncing a few kilobytes of each file.
struct CommitSchedule {
    var intervalNanoseconds: Int64
    /// Sealed files in one commit that make it due at once: each holds a descriptor.
    static let sealsMax = 64
    /// How long a commit that somebody waits for gathers events while more of them come.
    static let gatherNanoseconds: Int64 = 1_000_000
    /// From how many answers in a commit the next one keeps its distance; one lone client never
    /// waits for others.
    static let crowdMin = 4
    /// That distance between the beginnings of two commits, or the interval where that is shorter.
    static let crowdNanoseconds: Int64 = 4_000_000
    /// Bytes of waiting messages from which a commit is worth its syncs without that distance.
    static let crowdBytesMax = 512 << 10

    /// The longest pause after a commit that took longer than the interval.
    static let pauseNanosecondsMax: Int64 = 1_000_000_000

    /// When the first event since the last commit came; nil when there is none.
    private(set) var openSince: Int64?
    /// Answers that wait for the next commit, and that went with the last one.
    private var answers = 0
    private var answersBefore = 0
    /// Bytes of the messages that wait for their answers.
    private var answeredBytes = 0
    /// When the last commit began.
    private var committedAt = Int64.min / 2
    private var isDemanded = false

    init(interval: Duration) {
        intervalNanoseconds = interval.nanoseconds
    }

    /// Something waits for a commit.
    mutating func touch(at now: Int64) {
        if openSince == nil { openSince = now }
    }

    /// A producer waits for the acknowledgement of a message.
    mutating func wantAnswer(bytes: Int) {
        answers += 1
        answeredBytes += bytes
    }

    var answersWait: Bool { answers > 0 }

    /// When a commit for answers may begin at the earliest.
    private var mayBeginAt: Int64 {
        max(answers, answersBefore) < Self.crowdMin || answeredBytes >= Self.crowdBytesMax
            ? .min : committedAt + min(Self.crowdNanoseconds, intervalNanoseconds)
    }

    /// When a commit for which nobody waits may begin while events come: after one that took longer
    /// than the interval, as long again.
    private func pausesUntil(_ durableAt: Int64) -> Int64 {
        let took = durableAt - committedAt
        return took > intervalNanoseconds ? durableAt + min(took, Self.pauseNanosecondsMax) : .min
    }

    /// Somebody asked for a commit now.
    mutating func demand() {
        isDemanded = true
    }

    /// Whether to commit now.
    ///
    /// - `isIdle`: nothing came in this round.
    /// - `jobsUnderWay`: commits handed over and not durable yet; a second one may queue only on demand.
    /// - `durableAt`: when the last commit became durable; before 0 if there was none.
    func isDue(
        at now: Int64,
        isIdle: Bool,
        jobsUnderWay: Int,
        durableAt: Int64,
        seals: Int
    ) -> Bool {
        if isDemanded { return true }
        guard let openSince, jobsUnderWay == 0 else { return false }
        if seals >= Self.sealsMax { return true }
        let isOver = now - openSince >= intervalNanoseconds
        if isOver, isIdle || now >= pausesUntil(durableAt) { return true }
        guard answersWait, now >= mayBeginAt else { return false }
        return isIdle || now - openSince >= Self.gatherNanoseconds
    }

    /// Nanoseconds until a commit may become due by time; nil when nothing waits.
    func untilDue(at now: Int64) -> Int64? {
        openSince.map { since in
            let due = since + intervalNanoseconds
            return max(0, (answersWait ? min(due, max(mayBeginAt, now)) : due) - now)
        }
    }

    /// A commit was handed over.
    mutating func committed(at now: Int64) {
        openSince = nil
        committedAt = now
        answersBefore = answers
        answers = 0
        answeredBytes = 0
        isDemanded = false
    }
}
