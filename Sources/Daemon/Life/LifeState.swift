import Control

/// The daemon's state for operators: derived from their requests and the state of the disk.
///
/// A value that also knows since when it is in this state.
struct LifeState {
    private(set) var state = ServiceState.starting
    /// Microseconds since 1970 UTC.
    private(set) var since: Int64
    private(set) var why: String?
    private var isStarted = false
    private var drainReason: String?

    init(at now: Int64) {
        since = now
    }

    /// Notes that all sources are bound.
    mutating func start() {
        isStarted = true
    }

    /// Notes that a drain began; the first reason is kept.
    mutating func drain(_ reason: String) {
        if drainReason == nil { drainReason = reason }
    }

    var isDraining: Bool { drainReason != nil }

    /// Derives the state from the present conditions.
    ///
    /// Precedence: draining, blocked, paused, starting, running.
    ///
    /// `failedSources`: those that take in nothing before a restart; `loadingSources`: those that
    /// take in nothing before the ids of earlier events are loaded.
    mutating func update(
        at now: Int64,
        blocked: String?,
        pausedSources: [String],
        failedSources: [String] = [],
        loadingSources: [String] = [],
        allPaused: Bool
    ) {
        let next: (ServiceState, String?) =
            if let drainReason {
                (.draining, drainReason)
            } else if !isStarted {
                (.starting, nil)
            } else if let blocked {
                (.blocked, blocked)
            } else if allPaused {
                (.paused, "an operator paused all sources")
            } else if !loadingSources.isEmpty {
                (
                    .starting,
                    "reading ids of earlier events for \(loadingSources.joined(separator: ", "))"
                )
            } else if !failedSources.isEmpty {
                (
                    .running,
                    "failed until a restart, see the log: \(failedSources.joined(separator: ", "))"
                )
            } else if !pausedSources.isEmpty {
                (.running, "paused by an operator: \(pausedSources.joined(separator: ", "))")
            } else {
                (.running, nil)
            }
        if next.0 != state { since = now }
        (state, why) = next
    }
}
