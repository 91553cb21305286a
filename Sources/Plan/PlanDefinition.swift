/// A tracking plan as its authors wrote it.
package struct PlanDefinition: Sendable {
    package struct Event: Sendable {
        package var name: String
        package var file = ""
        package var line = 1
        package var version = 1
        package var description = ""
        package var owner = ""
        package var status = "live"
        package var kpis: [String] = []
        package var sources: [String] = []
        package var properties: [PlannedProperty] = []
        package var schema: SchemaValue?

        package init(name: String) {
            self.name = name
        }

        /// The member of the event that its properties are members of.
        package var container: String { Self.container(of: name) }

        package static func container(of name: String) -> String {
            name == "identify" || name == "group" ? "traits" : "properties"
        }
    }

    /// A term of the glossary: a property that means the same everywhere.
    package struct Term: Sendable {
        package var name: String
        package var rule = PropertyRule()
        /// Other spellings, which are not to be used.
        package var not: [String] = []

        package init(name: String) {
            self.name = name
        }
    }

    package var name = ""
    package var version = 0
    package var owners: [(name: String, address: String)] = []
    package var timezone = "UTC"
    package var identities: [EventPath] = []
    package var verdicts = PlanVerdicts()
    package var common: [PlannedProperty] = []
    package var terms: [Term] = []
    package var events: [Event] = []

    package init() {}
}

/// What is done with an event that violates the plan.
package enum PlanVerdict: String, Sendable, CaseIterable, Comparable {
    case allow, annotate, quarantine

    package static func < (left: PlanVerdict, right: PlanVerdict) -> Bool {
        allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
    }
}

/// The verdicts of a plan by kind of violation.
package struct PlanVerdicts: Sendable, Equatable {
    package var unplannedEvent = PlanVerdict.annotate
    package var unplannedProperty = PlanVerdict.annotate
    package var missingProperty = PlanVerdict.annotate
    package var wrongType = PlanVerdict.annotate
    /// Values, ranges, lengths, patterns, formats and schemas.
    package var rule = PlanVerdict.annotate

    package init() {}
}
