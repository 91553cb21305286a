/// What is done with the verdicts of a plan.
package enum PlanMode: Sendable {
    /// Events are not checked.
    case off
    /// Violations are written with the event; nothing goes to quarantine.
    case annotate
    /// The plan's verdicts are done.
    case enforce
}

/// A plan and what is done with its verdicts; any number of writers use it.
package struct PlanInForce: Sendable {
    package let plan: CompiledPlan
    /// What is done with events of sources without a mode of their own.
    package let mode: PlanMode
    /// Whether answers name what events violate.
    package let warns: Bool

    package init(_ plan: CompiledPlan, mode: PlanMode, warns: Bool = true) {
        self.plan = plan
        self.mode = mode
        self.warns = warns
    }

    package init(_ plan: CompiledPlan, isEnforced: Bool, warns: Bool = true) {
        self.init(plan, mode: isEnforced ? .enforce : .annotate, warns: warns)
    }
}
