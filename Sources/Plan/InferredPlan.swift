/// A plan that was learned from events, with what people should know about it.
package struct InferredPlan {
    /// From so many objects on, what all of them have is required; from so many numbers on, those
    /// without a fraction are integers; from so many texts on, a few values may be all.
    static let enough = 100
    /// How often each of a few values must have been seen, and how many texts must have a format.
    static let oftenEnough = 20

    package struct Event {
        package var definition: PlanDefinition.Event
        /// How many there were.
        package let count: Int
        /// What to look at, by the path of the property.
        package var notes: [EventPath: String] = [:]
    }

    package private(set) var events: [Event] = []
    package private(set) var common: [PlannedProperty] = []
    package private(set) var commonNotes: [EventPath: String] = [:]
    package private(set) var verdicts = PlanVerdicts()
    package private(set) var terms: [PlanDefinition.Term] = []
    /// What was left out, one sentence each.
    package private(set) var leftOut: [String] = []

    package init(_ inference: borrowing PlanInference) {
        var seenOnce = 0
        for (name, facts) in inference.events.sorted(by: { precedes($0.key, $1.key) }) {
            var branch = InferredBranch()
            branch.describe(facts.properties, requires: facts.count)
            seenOnce += branch.seenOnce
            var definition = PlanDefinition.Event(name: name.text)
            definition.properties = branch.properties
            events.append(Event(definition: definition, count: facts.count, notes: branch.notes))
            let beyond = facts.properties.leftOut + branch.leftOut
            if beyond > 0 {
                verdicts.unplannedProperty = .allow
                leftOut.append(
                    "event '\(name.text)': properties beyond the limits, \(beyond) times; they are "
                        + "unplanned"
                )
            }
        }
        judge(inference, propertiesSeenOnce: seenOnce)
        describeCommon(inference)
        shareTerms()
        count(inference)
    }

    /// Allows what is not planned where more of it is to be expected: what was seen once is more
    /// than 1 % of the events.
    private mutating func judge(
        _ inference: borrowing PlanInference,
        propertiesSeenOnce: Int
    ) {
        let names = inference.events.values.count { $0.count == 1 }
        let unplanned = names + inference.unnamed + inference.eventsLeftOut
        if unplanned * 100 > inference.count { verdicts.unplannedEvent = .allow }
        if propertiesSeenOnce * 100 > inference.count { verdicts.unplannedProperty = .allow }
    }

    private mutating func count(_ inference: borrowing PlanInference) {
        if inference.unnamed > 0 {
            leftOut.append("\(inference.unnamed) events have no name, which a plan cannot describe")
        }
        if inference.eventsLeftOut > 0 {
            leftOut.append(
                "\(inference.eventsLeftOut) events have names beyond the limit of "
                    + "\(PlanReader.eventsMax), or names that are too long"
            )
        }
        if inference.unreadable > 0 {
            leftOut.append("\(inference.unreadable) lines are not one JSON object")
        }
    }

    private mutating func describeCommon(_ inference: borrowing PlanInference) {
        var branch = InferredBranch()
        branch.isCommon = true
        let facts = inference.common
        branch.describe(facts, requires: facts.objects)
        for (container, types) in inference.containerTypes.sorted(by: { $0.key < $1.key }) {
            guard types & ~4 != 0, let path = try? EventPath(container) else { continue }
            var rule = PropertyRule()
            rule.types = types | 4
            branch.properties.append(PlannedProperty(path: path, rule: rule))
        }
        common = branch.properties
        commonNotes = branch.notes
    }

    /// Makes terms of properties that at least three events have with the same rule.
    private mutating func shareTerms() {
        var uses: [MemberName: (key: String, events: Set<Int>)] = [:]
        for (number, event) in events.enumerated() {
            for property in event.definition.properties {
                guard let name = Self.sharedName(of: property) else { continue }
                let key = property.rule.key
                let known = uses[name] ?? (key, [])
                // A name with two rules means two things.
                uses[name] = (known.key == key ? key : "", known.events.union([number]))
            }
        }
        let shared = uses.filter { $0.value.key != "" && $0.value.events.count >= 3 }
        var rules: [MemberName: PropertyRule] = [:]
        for number in events.indices {
            events[number].definition.properties = events[number].definition.properties.map {
                guard let name = Self.sharedName(of: $0), shared[name] != nil else { return $0 }
                var rule = $0.rule
                rule.isRequired = false
                rules[name] = rule
                rule.isRequired = $0.rule.isRequired
                rule.term = name.text
                return PlannedProperty(path: $0.path, rule: rule)
            }
        }
        terms = rules.sorted { precedes($0.key, $1.key) }.map { name, rule in
            var term = PlanDefinition.Term(name: name.text)
            term.rule = rule
            return term
        }
    }

    /// The name of a property that may be a term: of one scalar type, without listed values.
    private static func sharedName(of property: PlannedProperty) -> MemberName? {
        guard property.rule.types & 12 == 0, property.rule.values.isEmpty,
            case .member(let name)? = property.path.steps.last
        else { return nil }
        return name
    }
}

private func precedes(_ left: MemberName, _ right: MemberName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
}

/// The properties below one place, as rules.
private struct InferredBranch {
    var properties: [PlannedProperty] = []
    var notes: [EventPath: String] = [:]
    /// Members of described objects that only one object had.
    private(set) var seenOnce = 0
    /// Whether it describes what all events have: types and formats, of what is there often.
    var isCommon = false

    /// Properties beyond the limit.
    private(set) var leftOut = 0
    private var waiting: [Place] = []

    /// An object whose members are to be described; `requires`: how many must have a required one.
    private struct Place {
        let facts: PropertyFacts
        let path: String
        let requires: Int
    }

    /// Describes the members of an object, and theirs: level by level, as far as a plan has room.
    mutating func describe(_ facts: PropertyFacts, requires: Int) {
        waiting = [Place(facts: facts, path: "", requires: requires)]
        var next = 0
        while next < waiting.count {
            let place = waiting[next]
            next += 1
            let room = PlanReader.propertiesMax - properties.count
            if next > 1, place.facts.members.values.reduce(0, { $0 + $1.places }) > room {
                note(place, "no room for")
            } else if next > 1, place.facts.isUnsettled {
                note(place, "not described:")
            } else {
                describeMembers(of: place)
            }
        }
        properties.sort {
            $0.path.description.utf8.lexicographicallyPrecedes($1.path.description.utf8)
        }
    }

    private mutating func note(_ place: Place, _ what: String) {
        guard let path = try? EventPath(place.path) else { return }
        notes[path] = "\(what) \(place.facts.members.count) names in \(place.facts.objects) objects"
    }

    private mutating func describeMembers(of place: Place) {
        seenOnce += place.facts.seenOnce
        let prefix = place.path.isEmpty ? "" : place.path + "."
        var required = 0
        for (name, member) in place.facts.members.sorted(by: { precedes($0.key, $1.key) }) {
            let isRequired =
                place.requires >= InferredPlan.enough && member.present == place.requires
                && required < 64
            if isRequired { required += 1 }
            if isCommon, member.present < InferredPlan.enough { continue }
            guard properties.count + member.places <= PlanReader.propertiesMax else {
                leftOut += 1
                continue
            }
            describe(member, at: prefix + Self.written(name), named: name, isRequired: isRequired)
        }
    }

    private mutating func describe(
        _ facts: PropertyFacts,
        at text: String,
        named name: MemberName,
        isRequired: Bool
    ) {
        guard let path = try? EventPath(text) else { return }
        var rule = InferredRule(facts, name: name.text, isCommon: isCommon).rule
        rule.isRequired = isRequired
        properties.append(PlannedProperty(path: path, rule: rule))
        notes[path] =
            InferredRule.note(facts, name: name.text) ?? InferredRule.rareNote(facts)
        if let elements = facts.elements {
            describe(elements, at: text + "[]", named: name, isRequired: false)
        }
        guard !facts.members.isEmpty else { return }
        waiting.append(Place(facts: facts, path: text, requires: facts.objects))
    }

    /// The name as a step of a path.
    private static func written(_ name: MemberName) -> String {
        var out = String.UnicodeScalarView()
        for scalar in name.text.unicodeScalars {
            if scalar == "." || scalar == "[" || scalar == "*" || scalar == "\\" {
                out.append("\\")
            }
            out.append(scalar)
        }
        return String(out)
    }
}

/// The rule that one property's values suggest.
private struct InferredRule {
    private(set) var rule = PropertyRule()

    init(_ facts: PropertyFacts, name: String, isCommon: Bool) {
        rule.types = Self.types(facts)
        guard facts.strings >= InferredPlan.oftenEnough else { return }
        if let format = facts.texts.formats?.sorted().first, rule.types & 16 != 0 {
            rule.format = format
            return
        }
        guard !isCommon, rule.types == 16, facts.strings >= InferredPlan.enough,
            let values = facts.texts.values,
            values.values.allSatisfy({ $0 >= InferredPlan.oftenEnough }),
            Self.note(facts, name: name) == nil, !PlanReview.folded(name).hasSuffix("id")
        else { return }
        rule.values = values.keys.sorted().map { SchemaValue(.string($0), line: 1) }
    }

    private static func types(_ facts: PropertyFacts) -> UInt8 {
        var types = facts.types
        // Null alone, and a few values, say nothing about what else there may be.
        if types == 1 || types == 0 || facts.count < InferredPlan.oftenEnough { return 127 }
        if types & 64 != 0, types & 32 != 0 || facts.numbers < InferredPlan.enough {
            types = types & ~64 | 32
        }
        return types
    }

    /// What people should look at.
    static func note(_ facts: PropertyFacts, name: String) -> String? {
        if facts.texts.addresses > 0 { return "e-mail addresses: say 'privacy'" }
        if facts.texts.ips > 0 { return "IP addresses: say 'privacy'" }
        if PersonalData.isName(name) {
            return "may be personal data: say 'privacy'"
        }
        return nil
    }

    /// The types of a property that was seen too rarely for a rule.
    static func rareNote(_ facts: PropertyFacts) -> String? {
        guard facts.count < InferredPlan.oftenEnough else { return nil }
        let names = SchemaCompiler.typeNames.filter { facts.types & $0.bit != 0 }.map(\.name)
        return "seen \(facts.count) times: \(names.joined(separator: ", "))"
    }
}
