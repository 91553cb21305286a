import Synchronization

/// Counts of the events that plans have judged in a run, of all writers.
///
/// Any thread may call.
package final class PlanFigures: Sendable {
    private let met = Atomic<Int>(0)
    private let marked = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    package init() {}

    /// Counts the events of a burst: those that meet the plan, those that are written with their
    /// violations, and those that go to quarantine.
    package func add(ok: Int, annotated: Int, quarantined: Int) {
        met.wrappingAdd(ok, ordering: .relaxed)
        if annotated > 0 { marked.wrappingAdd(annotated, ordering: .relaxed) }
        if quarantined > 0 { refused.wrappingAdd(quarantined, ordering: .relaxed) }
    }

    /// The counts by verdict.
    package var byVerdict: [(verdict: String, count: Int)] {
        [
            ("ok", met.load(ordering: .relaxed)),
            ("annotated", marked.load(ordering: .relaxed)),
            ("quarantined", refused.load(ordering: .relaxed)),
        ]
    }
}
