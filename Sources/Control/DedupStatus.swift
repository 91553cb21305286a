/// The stored ids of sources with `dedup` on; in `status` and in `stats`.
package struct DedupStatus: Codable, Sendable, Equatable {
    /// `off` (no source has it on), `loading` (intake of these sources has not begun), `ready`, or
    /// `incomplete` (ids of earlier runs could not be read; see `why`).
    package var state: String
    package var why: String?
    /// Ids stored now, the memory they use, and its limit.
    package var ids: Int
    package var bytes: Int
    package var maxMemoryBytes: Int
    /// How long ids are to be stored, and how long they are: less if memory does not suffice.
    package var windowSeconds: Int
    package var coveredSeconds: Int
    /// Ids removed early in this run, for want of memory.
    package var forgotten: Int
    /// Ids read at the start, in total and per second.
    package var loaded: Int
    package var loadedPerSecond: Int
    /// Durable answers that wait until another writer has made an original durable.
    package var waitingAnswers: Int

    package init(
        state: String,
        why: String? = nil,
        ids: Int = 0,
        bytes: Int = 0,
        maxMemoryBytes: Int = 0,
        windowSeconds: Int = 0,
        coveredSeconds: Int = 0,
        forgotten: Int = 0,
        loaded: Int = 0,
        loadedPerSecond: Int = 0,
        waitingAnswers: Int = 0
    ) {
        self.state = state
        self.why = why
        self.ids = ids
        self.bytes = bytes
        self.maxMemoryBytes = maxMemoryBytes
        self.windowSeconds = windowSeconds
        self.coveredSeconds = coveredSeconds
        self.forgotten = forgotten
        self.loaded = loaded
        self.loadedPerSecond = loadedPerSecond
        self.waitingAnswers = waitingAnswers
    }
}

extension DedupStatus {
    /// The figures of all sources' ids.
    package static let figures: [Figure<DedupStatus>] = [
        Figure(
            "ids",
            \.ids,
            metric: "touchpoint_dedup_ids",
            help: "Ids remembered."
        ),
        Figure(
            "bytes",
            \.bytes,
            metric: "touchpoint_dedup_bytes",
            help: "Memory of the ids."
        ),
        Figure(
            "windowSeconds",
            \.windowSeconds,
            metric: "touchpoint_dedup_window_seconds",
            help: "How long an id is to be remembered."
        ),
        Figure(
            "coveredSeconds",
            \.coveredSeconds,
            metric: "touchpoint_dedup_covered_seconds",
            help: "How long it is: less than the window while memory does not suffice."
        ),
        Figure(
            "forgotten",
            \.forgotten,
            metric: "touchpoint_dedup_forgotten_total",
            help: "Ids forgotten before their time."
        ),
        Figure(
            "waitingAnswers",
            \.waitingAnswers,
            metric: "touchpoint_dedup_waiting_answers",
            help: "Answers that wait for another writer's commit."
        ),
    ]
}
