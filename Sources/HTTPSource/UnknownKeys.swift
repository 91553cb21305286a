import Intake
import Platform
import Synchronization

/// What becomes of requests whose key is not known.
package enum UnknownKeyRule: String, Sendable, CaseIterable {
    /// They are refused, and nothing is kept.
    case refuse
    /// Their events are kept in quarantine, as far as the rate allows.
    case quarantine
}

/// The rule for unknown keys, and what became of requests with them.
///
/// Any thread may call.
package final class UnknownKeys: Sendable {
    /// The name of the producer of such requests; no key can have it.
    static let producer = "(unknown)"
    /// Requests per second that are kept; strangers decide how many come.
    static let rateMax = 100

    /// What becomes of a request.
    enum Outcome: Equatable {
        case refused
        case kept
        /// So many have come that it is not kept now.
        case limited(seconds: Int)
    }

    /// Requests since the start of this run, by what became of them.
    package struct Counts: Sendable, Equatable {
        package var refused = 0
        package var kept = 0
        package var limited = 0
    }

    private struct State {
        var rule: UnknownKeyRule
        var quotas = Quotas()
        var counts = Counts()
    }

    private let state: Mutex<State>

    package init(_ rule: UnknownKeyRule = .refuse) {
        state = Mutex(State(rule: rule))
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// Replaces the rule; returns whether it differs.
    package func replace(by rule: UnknownKeyRule) -> Bool {
        state.withLock { state in
            defer { state.rule = rule }
            return state.rule != rule
        }
    }

    /// Decides on a request with an unknown key, and counts it.
    func decide() -> Outcome {
        let now = SystemClock.monotonicNanoseconds
        return state.withLock { state in
            guard state.rule == .quarantine else {
                state.counts.refused += 1
                return .refused
            }
            if let wait = state.quotas.wait(for: "", rate: Self.rateMax, at: now) {
                state.counts.limited += 1
                return .limited(seconds: wait)
            }
            state.counts.kept += 1
            return .kept
        }
    }

    /// The same for a request whose key is in its body.
    var verdict: GateVerdict {
        switch decide() {
        case .refused: .refused(reason: Reply.Code.unauthorized.rawValue)
        case .kept: .unknown(name: Self.producer)
        case .limited: .refused(reason: Reply.Code.quota.rawValue)
        }
    }

    /// Counts a request without a key, of which nothing is ever kept.
    func countWithoutKey() {
        state.withLock { $0.counts.refused += 1 }
    }
}
