import Events

/// All that is wanted and required below one place of an event, while a plan is compiled.
struct PathTree {
    var rule: PropertyRule?
    var slots: [UInt32] = []
    /// Schemas that check the value as a whole.
    var schemas: [UInt32] = []
    var required: Set<MemberName> = []
    /// Whether members that no path names are violations.
    var isClosed = false
    private(set) var members: [MemberName: PathTree] = [:]
    /// What holds for every element, at most one tree.
    private(set) var elements: [PathTree] = []
    /// What holds for every member, at most one tree.
    private(set) var anyMember: [PathTree] = []

    /// Changes the tree at the end of some steps.
    mutating func change(at steps: ArraySlice<EventPath.Step>, _ body: (inout PathTree) -> Void) {
        guard let step = steps.first else { return body(&self) }
        let rest = steps.dropFirst()
        switch step {
        case .member(let name): members[name, default: PathTree()].change(at: rest, body)
        case .elements:
            if elements.isEmpty { elements = [PathTree()] }
            elements[0].change(at: rest, body)
        case .anyMember:
            if anyMember.isEmpty { anyMember = [PathTree()] }
            anyMember[0].change(at: rest, body)
        }
    }

    /// Adds a property of a plan.
    mutating func add(_ property: PlannedProperty) {
        let steps = property.path.steps
        change(at: steps[...]) { $0.rule = property.rule }
        // Elements are required by their array.
        let named = property.path.steps.lastIndex { $0 != .elements } ?? 0
        if named < steps.count - 1 { requireArray(at: steps[...named]) }
        guard property.rule.isRequired, case .member(let name) = steps[named] else { return }
        change(at: steps[..<named]) { $0.required.insert(name) }
    }

    /// Requires an array at the place before `[]`, unless a path of its own says something.
    private mutating func requireArray(at steps: ArraySlice<EventPath.Step>) {
        change(at: steps) { tree in
            guard tree.rule == nil else { return }
            tree.rule = PropertyRule()
            tree.rule?.types = 8
        }
    }

    /// Declares members without a path violations, here and in described objects below.
    mutating func close() {
        isClosed = true
        for name in members.keys { members[name]?.closeObjects() }
        closeElements()
    }

    private mutating func closeObjects() {
        if !members.isEmpty { close() } else { closeElements() }
    }

    private mutating func closeElements() {
        if !elements.isEmpty { elements[0].closeObjects() }
    }

    /// Whether a plan says anything about the value or what is in it.
    var isPlanned: Bool {
        rule != nil || !required.isEmpty || members.values.contains(where: \.isPlanned)
            || elements.contains(where: \.isPlanned)
    }

    /// Whether the plan describes members of the value, so that it is an object.
    var isPlannedObject: Bool { !required.isEmpty || members.values.contains(where: \.isPlanned) }

    /// Adds all that another tree wants.
    mutating func merge(_ other: PathTree) {
        slots += other.slots
        schemas += other.schemas
        required.formUnion(other.required)
        rule = rule ?? other.rule
        for (name, tree) in other.members { members[name, default: PathTree()].merge(tree) }
        if let tree = other.elements.first {
            if elements.isEmpty { elements = [PathTree()] }
            elements[0].merge(tree)
        }
        if let tree = other.anyMember.first {
            if anyMember.isEmpty { anyMember = [PathTree()] }
            anyMember[0].merge(tree)
        }
    }
}

/// Writes trees as nodes; equal trees become one node, so that what events share is in the cache once.
struct PathEmitter {
    let builder: PlanBuilder
    private var known: [String: UInt32] = [:]
    private var patterns: [String: UInt32] = [:]

    init(_ builder: PlanBuilder) {
        self.builder = builder
    }

    mutating func emit(_ tree: PathTree) throws(SchemaError) -> UInt32 {
        var members: [(name: MemberName, node: UInt32)] = []
        for name in tree.members.keys.sorted(by: {
            $0.text.utf8.lexicographicallyPrecedes($1.text.utf8)
        }) {
            var member = tree.members[name] ?? PathTree()
            if let any = tree.anyMember.first { member.merge(any) }
            members.append((name, try emit(member)))
        }
        let elements = try tree.elements.first.map { tree throws(SchemaError) in try emit(tree) }
        let others = try tree.anyMember.first.map { tree throws(SchemaError) in try emit(tree) }
        let required = tree.required.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        var key = [
            tree.rule?.key ?? "\(tree.isPlannedObject)", "\(tree.isClosed)", "\(tree.slots)",
            "\(tree.schemas)",
        ]
        key += ["\(elements ?? 0)", "\(others ?? 0)"] + required.map(\.text) + ["\u{2}"]
        key += members.flatMap { [$0.name.text, "\($0.node)"] }
        let text = key.joined(separator: "\u{3}")
        if let node = known[text] { return node }
        let node = builder.add()
        known[text] = node
        var rules = try self.rules(tree.rule, of: node)
        if tree.rule == nil, tree.isPlannedObject { rules.types = 4 }
        rules.itemsNode = elements ?? PlanBuilder.none
        rules.additionalNode = others ?? PlanBuilder.none
        rules.isClosed = tree.isClosed
        builder.define(node, rules)
        for member in members { builder.member(member.name.text, of: node, is: member.node) }
        for name in required where !builder.require(name.text, of: node) {
            throw SchemaError(
                line: tree.rule?.line ?? 1,
                "an object has at most 64 required members"
            )
        }
        for slot in tree.slots { builder.want(slot, of: node) }
        for schema in tree.schemas { builder.append(schema, to: .whole, of: node) }
        return node
    }

    private mutating func rules(
        _ rule: PropertyRule?,
        of node: UInt32
    ) throws(SchemaError) -> NodeRules {
        var rules = NodeRules()
        guard let rule else { return rules }
        rules.types = rule.types
        rules.length = rule.length
        rules.items = rule.items
        rules.format = rule.format.flatMap { SchemaCompiler.formats[$0] } ?? 0
        if let pattern = rule.pattern {
            if patterns[pattern.text] == nil {
                let compiled = try Pattern(pattern.text, line: pattern.line)
                patterns[pattern.text] = builder.pattern(compiled.compiled, keeping: compiled)
            }
            rules.pattern = patterns[pattern.text] ?? PlanBuilder.none
        }
        for bound in rule.bounds where !builder.bound(bound.kind, bound.number, of: node) {
            throw SchemaError(line: rule.line, "multipleOf has at most 18 digits")
        }
        for value in rule.values where !builder.accept(value.json, by: node) {
            throw SchemaError(line: rule.line, "a value is nested too deep")
        }
        return rules
    }
}
