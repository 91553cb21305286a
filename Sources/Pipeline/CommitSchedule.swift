import Storage

/// The rule that decides when a writer commits.
///
/// A value without clock or disk: it is told the events and the times.
///
/// A commit begins when events have waited for the interval. When producers wait for
/// acknowledgements and the disk is idle, it begins at once if the rings are empty, else after a
/// moment. Events accumulate during a commit and form the next one, so the disk sets the pace (as
/// in a database's group commit), and reading continues during the sync. When many messages wait,
/// commits keep a minimum distance: each syncs every file, and a disk has a limited rate of syncs
/// (PostgreSQL's `commit_siblings` and `commit_delay` weigh the same).
///
/// After a commit that took longer than the interval, for example of a thousand files, a pause of
/// twice its duration follows while unacknowledged events keep arriving. Without it, syncing a few
/// kilobytes of each file would take a large part of the processor.
struct CommitSchedule {
    var intervalNanoseconds: Int64
    /// Sealed files that make a commit due at once: each holds a descriptor.
    static let sealsMax = 64
    /// Compressed bytes since the last commit that make one due at once: they are held in memory
    /// until they are durable, even with a long interval.
    static let commitBytesMax: UInt64 = 32 << 20
    /// How long a commit that somebody waits for collects events while more arrive.
    static let gatherNanoseconds: Int64 = 1_000_000
    /// Answers in a commit from which the next commit keeps a distance; a single client never waits
    /// for others.
    static let crowdMin = 4
    /// That distance between the starts of two commits, or the interval where that is shorter.
    static let crowdNanoseconds: Int64 = 4_000_000
    /// Bytes of waiting messages from which a commit is worth its syncs without that distance.
    static let crowdBytesMax = 512 << 10
    /// The pause after a slow commit, in durations of that commit.
    static let pauseFactor: Int64 = 2
    /// The longest such pause.
    static let pauseNanosecondsMax: Int64 = 2_000_000_000
    /// After this long without a message, events count as ended and no pause is kept: rings are
    /// briefly empty under full load, too, when a receiver yields the processor to writers.
    static let quietNanoseconds: Int64 = 20_000_000

    /// When the first event since the last commit arrived; nil when there is none.
    private(set) var openSince: Int64?
    /// Answers that wait for the next commit, and those of the last one.
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

    /// Notes that an event waits for a commit.
    mutating func touch(at now: Int64) {
        if openSince == nil { openSince = now }
    }

    /// Notes that producers wait for the acknowledgements of `count` messages.
    ///
    /// `bytes`: the size of these messages.
    mutating func wantAnswers(_ count: Int, bytes: Int) {
        answers += count
        answeredBytes += bytes
    }

    var answersWait: Bool { answers > 0 }

    /// The earliest time for a commit of answers.
    private var mayBeginAt: Int64 {
        max(answers, answersBefore) < Self.crowdMin || answeredBytes >= Self.crowdBytesMax
            ? .min : committedAt + min(Self.crowdNanoseconds, intervalNanoseconds)
    }

    /// When a commit that nobody waits for may begin: the interval after the first event, but after
    /// a slow commit not before the pause is over or events have ended.
    private func dueAt(_ openSince: Int64, lastMessageAt: Int64, durableAt: Int64) -> Int64 {
        let due = openSince + intervalNanoseconds
        guard durableAt > committedAt + intervalNanoseconds else { return due }
        let pause = min((durableAt - committedAt) * Self.pauseFactor, Self.pauseNanosecondsMax)
        return max(due, min(durableAt + pause, lastMessageAt + Self.quietNanoseconds))
    }

    /// Notes that somebody requested a commit now.
    mutating func demand() {
        isDemanded = true
    }

    /// Whether to commit now.
    ///
    /// - `lastMessageAt`: when the last message arrived; `now` when one arrived in this round.
    /// - `jobsUnderWay`: commits handed over and not durable yet; a second one may queue only on demand.
    /// - `durableAt`: when the last commit became durable; before 0 if there was none.
    /// - `seals`: sealed files that wait for a commit.
    /// - `compressedBytes`: all that the store has written since it was opened.
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

    /// Nanoseconds until a commit becomes due by time if no more messages arrive; nil when nothing
    /// waits.
    func untilDue(at now: Int64, lastMessageAt: Int64, durableAt: Int64) -> Int64? {
        openSince.map { since in
            let due = dueAt(since, lastMessageAt: lastMessageAt, durableAt: durableAt)
            return max(0, (answersWait ? min(due, max(mayBeginAt, now)) : due) - now)
        }
    }

    /// Notes that a commit was handed over.
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
