/// What is to be looked for in the events of one source, before it is compiled.
package struct SourceDemand: Sendable {
    /// The paths in `partition.path`.
    package var keys: [EventPath] = []
    /// Where events have what they are known by; nil where it is as in others.
    package var fields: FieldRules?
    /// What is done with the plan's verdicts; nil for the plan's own.
    package var mode: PlanMode?

    package init() {}

    /// Whether nothing is to be looked for.
    var isEmpty: Bool { keys.isEmpty && fields == nil }
}

/// What is looked for in the events of each source; any number of writers use it.
///
/// All that is wanted of a source's events is one program: one walk over an event checks it and finds
/// every value. Sources with the same wants share a program.
package struct EventWants: Sendable {
    /// What is looked for in the events of one source.
    package struct Source: Sendable {
        package let program: CompiledPlan
        /// The slots of ``SourceDemand/keys``.
        package let keySlots: [UInt32]
        package let fields: FieldRules?
        /// The slots of ``FieldRules/terms``; nil for those without a path.
        package let fieldSlots: [UInt32?]
        /// What is done with the plan's verdicts.
        package let mode: PlanMode
    }

    /// What events must be; nil without a plan.
    package let plan: PlanInForce?
    /// By source; nil where nothing is looked for.
    package let sources: [Source?]

    /// - `demands`: by source.
    /// - Returns: nil if nothing is wanted of any event.
    package init?(plan: PlanInForce?, demands: [SourceDemand]) throws(SchemaError) {
        guard plan != nil || demands.contains(where: { !$0.isEmpty }) else { return nil }
        self.plan = plan
        var programs: [Bool: [[EventPath]: CompiledPlan]] = [:]
        var sources: [Source?] = []
        for demand in demands {
            let mode = plan.map { demand.mode ?? $0.mode } ?? .off
            guard mode != .off || !demand.isEmpty else {
                sources.append(nil)
                continue
            }
            var paths = PathSet()
            let keySlots = demand.keys.map { paths.slot(of: $0) }
            let fieldSlots = (demand.fields?.terms ?? []).map { term in
                term.path.map { paths.slot(of: $0) }
            }
            let program: CompiledPlan
            if let known = programs[mode == .off]?[paths.paths] {
                program = known
            } else {
                program = try CompiledPlan(
                    mode == .off ? PlanDefinition() : plan?.plan.definition ?? PlanDefinition(),
                    wanting: paths
                )
                programs[mode == .off, default: [:]][paths.paths] = program
            }
            sources.append(
                Source(
                    program: program,
                    keySlots: keySlots,
                    fields: demand.fields,
                    fieldSlots: fieldSlots,
                    mode: mode
                )
            )
        }
        self.sources = sources
    }
}
