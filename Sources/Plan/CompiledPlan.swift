import CRE2
package import Events

/// A plan and a set of wanted paths as one program, for any number of threads.
///
/// ``root(for:)`` returns the node of an event by its name; one ``PlanWalk`` from there checks the event
/// and finds the values of all slots.
package struct CompiledPlan: Sendable {
    package let program: PlanProgram
    package let version: Int
    package let verdicts: PlanVerdicts
    /// The plan as its authors wrote it, to be compiled with other paths.
    package let definition: PlanDefinition
    /// The node of events that the plan does not have.
    private let unplanned: UInt32

    package init(
        _ plan: PlanDefinition,
        wanting paths: PathSet = PathSet()
    ) throws(SchemaError) {
        let builder = PlanBuilder(matcher: cre2_matches)
        var emitter = PathEmitter(builder)
        var base = PathTree()
        for (slot, path) in paths.paths.enumerated() {
            let slot = UInt32(slot)
            guard case .member(let name)? = path.steps.first, path.isAnywhere else {
                base.change(at: path.steps[...]) { $0.slots.append(slot) }
                continue
            }
            builder.want(slot, anywhere: name.text)
        }
        unplanned = try emitter.emit(base)
        for property in plan.common { base.add(property) }
        for event in plan.events {
            var tree = base
            let container = EventPath.Step.member(MemberName(event.container))
            for property in event.properties {
                tree.add(
                    PlannedProperty(
                        path: property.path.below(event.container),
                        rule: property.rule
                    )
                )
            }
            if event.properties.contains(where: { $0.rule.isRequired }) {
                tree.required.insert(MemberName(event.container))
            }
            tree.change(at: [container]) { $0.close() }
            if let schema = event.schema {
                var compiler = try SchemaCompiler(
                    schema,
                    dialect: .draft2020,
                    checksFormats: true,
                    builder: builder
                )
                let node = try compiler.compile()
                tree.change(at: [container]) { $0.schemas.append(node) }
            }
            builder.root(try emitter.emit(tree), named: event.name)
        }
        program = builder.finish()
        definition = plan
        version = plan.version
        verdicts = plan.verdicts
    }

    /// Returns the node for events of that name, and whether the plan has it.
    package func root(for name: UnsafeRawBufferPointer) -> (node: UInt32, isPlanned: Bool) {
        let node = program.root(named: name, otherwise: PlanBuilder.none)
        return node == PlanBuilder.none ? (unplanned, false) : (node, true)
    }

    /// Returns the verdict for an event that was walked.
    package func verdict(_ walk: borrowing PlanWalk, isPlanned: Bool) -> PlanVerdict {
        var verdict = isPlanned ? .allow : verdicts.unplannedEvent
        guard !walk.isMet else { return verdict }
        for kind in ViolationKind.allCases where walk.has(kind) {
            verdict = max(verdict, verdicts[kind])
        }
        return verdict
    }
}

extension PlanVerdicts {
    /// The verdict for one kind of violation.
    package subscript(kind: ViolationKind) -> PlanVerdict {
        switch kind {
        case .missing: missingProperty
        case .type: wrongType
        case .unplanned: unplannedProperty
        case .enum, .range, .length, .pattern, .format, .schema, .work: rule
        }
    }
}
