/// Reads the files of a plan, as values, into a ``PlanDefinition``; reports all problems at once.
package struct PlanReader {
    /// The most events of a plan, and properties of an event.
    static let eventsMax = 10_000
    static let propertiesMax = 1024

    package private(set) var plan = PlanDefinition()
    package private(set) var problems: [PlanProblem] = []
    /// The file that is being read.
    private var file = ""
    /// The files of events by name.
    private var eventFiles: [MemberName: String] = [:]

    package init() {}

    /// Reads `plan.yaml`.
    package mutating func readPlan(_ value: SchemaValue, file: String) {
        self.file = file
        let known = ["plan", "version", "owners", "timezone", "identities", "verdicts", "common"]
        guard let members = members(of: value, "the plan", known: known) else { return }
        for member in members {
            switch member.name {
            case "plan": plan.name = text(member) ?? ""
            case "version": plan.version = number(member) ?? 0
            case "timezone": plan.timezone = text(member) ?? "UTC"
            case "identities": plan.identities = texts(member).compactMap { path($0.text, $0.line) }
            case "owners": readOwners(member)
            case "verdicts": readVerdicts(member)
            default: plan.common = properties(member, limit: Self.propertiesMax)
            }
        }
        if plan.name.isEmpty { refuse(value.line, "'plan' is missing: the plan's name") }
        if plan.version < 1 { refuse(value.line, "'version' is missing: a number from 1 on") }
    }

    private mutating func readOwners(_ member: SchemaValue.Member) {
        for owner in members(of: member.value, "owners", known: nil) ?? [] {
            plan.owners.append((owner.name, text(owner) ?? ""))
        }
    }

    private mutating func readVerdicts(_ member: SchemaValue.Member) {
        let known = ["unplannedEvent", "unplannedProperty", "missingProperty", "wrongType", "rule"]
        for entry in members(of: member.value, "verdicts", known: known) ?? [] {
            guard let text = entry.value.string, let verdict = PlanVerdict(rawValue: text) else {
                refuse(entry.line, "\(entry.name): expected allow, annotate or quarantine")
                continue
            }
            switch entry.name {
            case "unplannedEvent": plan.verdicts.unplannedEvent = verdict
            case "unplannedProperty": plan.verdicts.unplannedProperty = verdict
            case "missingProperty": plan.verdicts.missingProperty = verdict
            case "wrongType": plan.verdicts.wrongType = verdict
            default: plan.verdicts.rule = verdict
            }
        }
    }

    /// Reads `glossary.yaml`, before the events.
    package mutating func readGlossary(_ value: SchemaValue, file: String) {
        self.file = file
        for member in members(of: value, "the glossary", known: nil) ?? [] {
            var term = PlanDefinition.Term(name: member.name)
            if let not = member.value["not"], case .array(let spellings) = not.content {
                term.not = spellings.compactMap(\.string)
            }
            var reading = PropertyReading(terms: [:], allowsNot: true)
            term.rule = reading.read(member.value, line: member.line)
            take(reading)
            plan.terms.append(term)
        }
    }

    /// Reads a file of `events`.
    package mutating func readEvent(_ value: SchemaValue, file: String) {
        self.file = file
        let known = [
            "event", "description", "owner", "status", "version", "kpis", "sources", "properties",
            "schema",
        ]
        guard let members = members(of: value, "the event", known: known) else { return }
        guard let name = value["event"]?.string, !name.isEmpty else {
            return refuse(value.line, "'event' is missing: the event's exact name")
        }
        guard plan.events.count < Self.eventsMax else {
            return refuse(value.line, "a plan has at most \(Self.eventsMax) events")
        }
        var event = PlanDefinition.Event(name: name)
        event.file = file
        event.line = value.line
        for member in members {
            switch member.name {
            case "description": event.description = text(member) ?? ""
            case "owner": event.owner = text(member) ?? ""
            case "status": event.status = status(member)
            case "version": event.version = number(member) ?? 1
            case "kpis": event.kpis = texts(member).map(\.text)
            case "sources": event.sources = texts(member).map(\.text)
            case "properties": event.properties = properties(member, limit: Self.propertiesMax)
            case "schema": event.schema = member.value
            default: break
            }
        }
        checkOwner(event, value)
        checkSchema(event)
        if let other = eventFiles[MemberName(name)] {
            return refuse(
                value.line,
                "event '\(name)' is in \(other) already; one file an event is supported"
            )
        }
        eventFiles[MemberName(name)] = file
        plan.events.append(event)
    }

    private mutating func status(_ member: SchemaValue.Member) -> String {
        let known = ["planned", "live", "deprecated"]
        guard let text = text(member), known.contains(text) else {
            refuse(member.line, "status: expected planned, live or deprecated")
            return "live"
        }
        return text
    }

    private mutating func checkOwner(_ event: PlanDefinition.Event, _ value: SchemaValue) {
        guard !plan.owners.isEmpty, !plan.owners.contains(where: { $0.name == event.owner }) else {
            return
        }
        let names = plan.owners.map(\.name).joined(separator: ", ")
        let line = value.members.first { $0.name == "owner" }?.line ?? value.line
        refuse(line, "owner: expected one of the plan's owners: \(names)")
    }

    /// Compiles the event by itself, so that what is refused names this file.
    private mutating func checkSchema(_ event: PlanDefinition.Event) {
        var alone = PlanDefinition()
        alone.events = [event]
        do throws(SchemaError) {
            _ = try CompiledPlan(alone)
        } catch {
            refuse(error.line, error.message)
        }
    }

    // MARK: Values

    private mutating func properties(
        _ member: SchemaValue.Member,
        limit: Int
    ) -> [PlannedProperty] {
        var found: [PlannedProperty] = []
        var seen: Set<EventPath> = []
        let terms = Dictionary(plan.terms.map { ($0.name, $0.rule) }) { first, _ in first }
        for entry in members(of: member.value, member.name, known: nil) ?? [] {
            guard let path = path(entry.name, entry.line) else { continue }
            guard !path.isAnywhere, !path.steps.contains(.anyMember) else {
                refuse(entry.line, "\(entry.name): a property has no '*'")
                continue
            }
            guard seen.insert(path).inserted else {
                refuse(entry.line, "\(entry.name) is there more than once")
                continue
            }
            var reading = PropertyReading(terms: terms, allowsNot: false)
            let rule = reading.read(entry.value, line: entry.line)
            take(reading)
            found.append(PlannedProperty(path: path, rule: rule))
        }
        if found.count > limit { refuse(member.line, "there are at most \(limit) properties") }
        return found
    }

    private mutating func take(_ reading: PropertyReading) {
        for error in reading.errors { refuse(error.line, error.message) }
    }

    private mutating func path(_ text: String, _ line: Int) -> EventPath? {
        do throws(SchemaError) {
            return try EventPath(text, line: line)
        } catch {
            refuse(line, error.message)
            return nil
        }
    }

    private mutating func members(
        of value: SchemaValue,
        _ what: String,
        known: [String]?
    ) -> [SchemaValue.Member]? {
        guard case .object(let members) = value.content else {
            if case .null = value.content { return [] }
            refuse(value.line, "\(what): expected keys with values, found \(value.typeName)")
            return nil
        }
        guard let known else { return members }
        for member in members where !known.contains(member.name) {
            refuse(
                member.line,
                "unknown key '\(member.name)'; the keys are \(known.joined(separator: ", "))"
            )
        }
        return members.filter { known.contains($0.name) }
    }

    private mutating func text(_ member: SchemaValue.Member) -> String? {
        if let text = member.value.string { return text }
        refuse(member.line, "\(member.name): expected a text, found \(member.value.typeName)")
        return nil
    }

    private mutating func number(_ member: SchemaValue.Member) -> Int? {
        if case .number(let text) = member.value.content, let number = Int(text), number > 0 {
            return number
        }
        refuse(member.line, "\(member.name): expected a whole number from 1 on")
        return nil
    }

    private mutating func texts(_ member: SchemaValue.Member) -> [(text: String, line: Int)] {
        guard case .array(let elements) = member.value.content else {
            refuse(member.line, "\(member.name): expected a list of texts")
            return []
        }
        return elements.compactMap { element in element.string.map { ($0, element.line) } }
    }

    /// Reports a problem in the present file.
    private mutating func refuse(_ line: Int, _ message: String) {
        problems.append(PlanProblem(file: file, line: line, message))
    }
}
