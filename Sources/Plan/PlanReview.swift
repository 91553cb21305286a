/// Looks at a whole plan for what its authors should look at: nothing that keeps it from being used.
package enum PlanReview {
    package static func problems(of plan: PlanDefinition) -> [PlanProblem] {
        owners(plan) + spellings(plan) + otherSpellings(plan) + personalNames(plan)
            + descriptions(plan)
    }

    /// A name without case and separators: what people read as the same.
    static func folded(_ name: String) -> String {
        String(
            String.UnicodeScalarView(
                name.lowercased().unicodeScalars.filter {
                    $0.properties.isAlphabetic || $0.properties.numericType != nil
                }
            )
        )
    }

    private static func owners(_ plan: PlanDefinition) -> [PlanProblem] {
        guard plan.owners.isEmpty else { return [] }
        return [
            PlanProblem(
                file: "plan.yaml",
                line: nil,
                "no 'owners': say who answers for the events",
                isWarning: true
            )
        ]
    }

    private struct Use {
        let name: String
        let file: String
        let line: Int
    }

    /// Names of events or of properties that differ only in case and separators.
    private static func spellings(_ plan: PlanDefinition) -> [PlanProblem] {
        let events = plan.events.map { Use(name: $0.name, file: $0.file, line: $0.line) }
        return nearDuplicates(events, what: "event") + nearDuplicates(names(plan), what: "property")
    }

    private static func names(_ plan: PlanDefinition) -> [Use] {
        plan.events.flatMap { event in
            event.properties.compactMap { property in
                lastName(property.path).map {
                    Use(name: $0, file: event.file, line: property.rule.line)
                }
            }
        }
    }

    private static func lastName(_ path: EventPath) -> String? {
        for step in path.steps.reversed() {
            if case .member(let name) = step { return name.text }
        }
        return nil
    }

    private static func nearDuplicates(_ uses: [Use], what: String) -> [PlanProblem] {
        var first: [String: Use] = [:]
        var reported: Set<MemberName> = []
        var problems: [PlanProblem] = []
        for use in uses {
            let key = folded(use.name)
            guard let other = first[key] else {
                first[key] = use
                continue
            }
            guard !other.name.utf8.elementsEqual(use.name.utf8),
                reported.insert(MemberName(use.name)).inserted
            else { continue }
            problems.append(
                PlanProblem(
                    file: use.file,
                    line: use.line,
                    "\(what) '\(use.name)' is spelled '\(other.name)' in \(other.file):\(other.line)",
                    isWarning: true
                )
            )
        }
        return problems
    }

    /// Spellings that the glossary says are not to be used.
    private static func otherSpellings(_ plan: PlanDefinition) -> [PlanProblem] {
        var terms: [String: String] = [:]
        for term in plan.terms { for spelling in term.not { terms[folded(spelling)] = term.name } }
        return names(plan).compactMap { use in
            terms[folded(use.name)].map {
                PlanProblem(
                    file: use.file,
                    line: use.line,
                    "property '\(use.name)': the glossary calls it '\($0)'",
                    isWarning: true
                )
            }
        }
    }

    private static func personalNames(_ plan: PlanDefinition) -> [PlanProblem] {
        plan.events.flatMap { event in
            event.properties.compactMap { property in
                guard property.rule.privacy == nil, let name = lastName(property.path),
                    PersonalData.isName(name)
                else { return nil }
                return PlanProblem(
                    file: event.file,
                    line: property.rule.line,
                    "property '\(property.path)' looks like personal data and has no 'privacy'",
                    isWarning: true
                )
            }
        }
    }

    private static func descriptions(_ plan: PlanDefinition) -> [PlanProblem] {
        plan.events.filter(\.description.isEmpty).map {
            PlanProblem(
                file: $0.file,
                line: $0.line,
                "event '\($0.name)' has no 'description': when is it sent?",
                isWarning: true
            )
        }
    }
}
