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
/// A commit that takes longer than the interval, as of a thousand files, is followed by a pause twice
/// as long while events keep coming for which nobody waits: without it a good part of the processor
/// would go into syncing a few kilobytes of each file.
struct CommitSchedule {
    var intervalNanoseconds: Int64
    /// Sealed files in one commit that make it due at once: each holds a descriptor.
    static let sealsMax = 64
    /// Compressed bytes since the last commit that make one due at once: they are held in memory until
    /// they are durable, however long the interval.
    static let commitBytesMax: UInt64 = 32 << 20
    /// How long a commit that somebody waits for gathers events while more of them come.
    static let gatherNanoseconds: Int64 = 1_000_000
    /// From how many answers in a commit the next one keeps its distance; one lone client never
    /// waits for others.
    static let crowdMin = 4
    /// That distance between the beginnings of two commits, or the interval where that is shorter.
    static let crowdNanoseconds: Int64 = 4_000_000
    /// Bytes of waiting messages from which a commit is worth its syncs without that distance.
    static let crowdBytesMax = 512 << 10
    /// The pause after a commit that took longer than the interval, in times that it took.
    static let pauseFactor: Int64 = 2
    /// The longest such pause.
    static let pauseNanosecondsMax: Int64 = 2_000_000_000
    /// Without a message for so long, events have stopped coming, and no pause is kept: rings run
    /// empty for a moment under full load as well, when a receiver leaves the processor to writers.
    static let quietNanoseconds: Int64 = 20_000_000

    /// When the first event since the last commit came; nil when there is none.
    private(set) var openSince: Int64?
    /// Answers that wait for the next commit, and that went with the last one.
    private var answers = 0
    private var answersBefore = 0
    /// Bytes of the messages that wait for their answers.
    private var answeredBytes = 0
    /// When the last commit began, and the store's compressed bytes then.
    private var committedAt = Int64.min / 2
    private var committedBytes: UInt64 = 0
    private var isDemanded = false

    init(interval: Duration) {
        intervalNanoseconds = interval.nanoseconds
    }

    /// Something waits for a commit.
    mutating func touch(at now: Int64) {
        if openSince == nil { openSince = now }
    }

    /// Producers wait for the acknowledgements of so many messages.
    ///
    /// `bytes`: of these messages.
    mutating func wantAnswers(_ count: Int, bytes: Int) {
        answers += count
        answeredBytes += bytes
    }

    var answersWait: Bool { answers > 0 }

    /// When a commit for answers may begin at the earliest.
    private var mayBeginAt: Int64 {
        max(answers, answersBefore) < Self.crowdMin || answeredBytes >= Self.crowdBytesMax
            ? .min : committedAt + min(Self.crowdNanoseconds, intervalNanoseconds)
    }

    /// When a commit for which nobody waits may begin: the interval after the first event, but after
    /// one that took longer than the interval not before a pause, or before events have stopped
    /// coming.
    private func dueAt(_ openSince: Int64, lastMessageAt: Int64, durableAt: Int64) -> Int64 {
        let due = openSince + intervalNanoseconds
        guard durableAt > committedAt + intervalNanoseconds else { return due }
        let pause = min((durableAt - committedAt) * Self.pauseFactor, Self.pauseNanosecondsMax)
        return max(due, min(durableAt + pause, lastMessageAt + Self.quietNanoseconds))
    }

    /// Somebody asked for a commit now.
    mutating func demand() {
        isDemanded = true
    }

    /// Whether to commit now.
    ///
    /// - `lastMessageAt`: when the last message came; `now` when one came in this round.
    /// - `jobsUnderWay`: commits handed over and not durable yet; a second one may queue only on demand.
    /// - `durableAt`: when the last commit became durable; before 0 if there was none.
    /// - `seals`: sealed files that wait for a commit.
    /// - `compressedBytes`: all that the store has written since its beginning.
    func isDue(
        at now: Int64,
        lastMessageAt: Int64,
        jobsUnderWay: Int,
        durableAt: Int64,
        seals: Int,
        compressedBytes: UInt64
    ) -> Bool {
        if isDemanded { return true }
        guard let openSince, jobsUnderWay == 0 else { return false }
        let held = compressedBytes - committedBytes
        if seals >= Self.sealsMax || held >= Self.commitBytesMax { return true }
        let due = dueAt(openSince, lastMessageAt: lastMessageAt, durableAt: durableAt)
        if now >= due { return true }
        guard answersWait, now >= mayBeginAt else { return false }
        return now > lastMessageAt || now - openSince >= Self.gatherNanoseconds
    }

    /// Nanoseconds until a commit may become due by time, when no more messages come; nil when nothing
    /// waits.
    func untilDue(at now: Int64, lastMessageAt: Int64, durableAt: Int64) -> Int64? {
        openSince.map { since in
            let due = dueAt(since, lastMessageAt: lastMessageAt, durableAt: durableAt)
            return max(0, (answersWait ? min(due, max(mayBeginAt, now)) : due) - now)
        }
    }

    /// A commit was handed over.
    mutating func committed(at now: Int64, compressedBytes: UInt64) {
        openSince = nil
        committedAt = now
        committedBytes = compressedBytes
        answersBefore = answers
        answers = 0
        answeredBytes = 0
        isDemanded = false
    }
}
