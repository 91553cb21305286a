import CRE2
package import Events

/// A plan and a set of wanted paths as one program, for any number of threads.
///
/// ``root(for:)`` returns the node of an event by its name; one ``PlanWalk`` from there checks the event
/// and finds the values of all slots. An object, so that who holds it for an event counts one reference.
package final class CompiledPlan: Sendable {
    package let program: PlanProgram
    package let version: Int
    package let verdicts: PlanVerdicts
    /// The plan as its authors wrote it, to be compiled with other paths.
    package let definition: PlanDefinition
    /// The names of its events, by number.
    package let names: [String]
    /// By name, and the paths that have `privacy`, of each event and of all.
    private let numbers: [MemberName: Int]
    private let protected: [[String]]
    private let commonProtected: [String]
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
        names = plan.events.map(\.name)
        numbers = Dictionary(
            plan.events.enumerated().map { (MemberName($1.name), $0) }
        ) { first, _ in first }
        protected = plan.events.map { event in
            event.properties.filter { $0.rule.privacy != nil }
                .map { $0.path.below(event.container).shown }
        }
        commonProtected = plan.common.filter { $0.rule.privacy != nil }.map(\.path.shown)
        program = builder.finish()
        definition = plan
        version = plan.version
        verdicts = plan.verdicts
    }

    /// Where the walk of an event begins.
    package struct Root: Sendable, Equatable {
        package let node: UInt32
        /// The number of the event in ``names``; behind the last if the plan does not have it.
        package let number: Int
        package let isPlanned: Bool
    }

    /// Returns the node for events of that name, and whether the plan has it.
    package func root(for name: UnsafeRawBufferPointer) -> Root {
        guard let found = program.root(named: name) else {
            return Root(node: unplanned, number: names.count, isPlanned: false)
        }
        return Root(node: found.node, number: Int(found.number), isPlanned: true)
    }

    /// Whether a rule says what is done about personal data at a path of an event, as violations name it.
    package func protects(_ path: String, ofEvent name: String) -> Bool {
        let own = numbers[MemberName(name)].map { protected[$0] } ?? []
        return (commonProtected + own).contains { rule in
            guard path.utf8.starts(with: rule.utf8) else { return false }
            let next = path.utf8.dropFirst(rule.utf8.count).first
            return next == nil || next == UInt8(ascii: ".") || next == UInt8(ascii: "[")
        }
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
