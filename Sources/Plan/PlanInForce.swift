/// A plan and what is done with its verdicts; any number of writers use it.
package struct PlanInForce: Sendable {
    package let plan: CompiledPlan
    /// Whether `quarantine` is taken literally; else such an event is written with its violations.
    package let isEnforced: Bool
    /// Whether answers name what events violate.
    package let warns: Bool

    package init(_ plan: CompiledPlan, isEnforced: Bool, warns: Bool = true) {
        self.warns = warns
        self.plan = plan
        self.isEnforced = isEnforced
    }
}
