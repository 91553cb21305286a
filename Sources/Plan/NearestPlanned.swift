import Events

/// Finds the names of a plan that people may have meant by another.
package struct NearestPlanned {
    /// The longest name that is compared letter by letter, and how many of them per name.
    private static let lengthMax = 64

    private let events: [String]
    private let foldedEvents: [[UInt8]]
    /// The paths of an event's properties, by the name of the event.
    private let properties: [MemberName: [String]]

    package init(_ plan: PlanDefinition) {
        events = plan.events.map(\.name)
        foldedEvents = events.map(Self.folded)
        properties = Dictionary(
            plan.events.map { event in
                (
                    MemberName(event.name),
                    event.properties.map { $0.path.below(event.container).shown }
                )
            }
        ) { first, _ in first }
    }

    /// The planned name that differs least from what drifts; nil if none is near.
    package func name(for key: DriftBook.Key) -> String? {
        switch key.kind {
        case .unplannedEvent:
            return nearest(to: key.event.text, among: events, foldedEvents)
        case .unplanned:
            let planned = properties[key.event] ?? []
            return nearest(to: key.path.text, among: planned, planned.map(Self.folded))
        case .type, .personal: return nil
        }
    }

    private func nearest(
        to name: String,
        among names: [String],
        _ folded: [[UInt8]]
    ) -> String? {
        let wanted = Self.folded(name)
        guard !wanted.isEmpty, wanted.count <= Self.lengthMax else { return nil }
        // A fifth of the letters may be wrong.
        var best = wanted.count / 5 + 1
        var found: String?
        for (at, other) in folded.enumerated() {
            if other == wanted { return names[at] }
            guard abs(other.count - wanted.count) < best, other.count <= Self.lengthMax else {
                continue
            }
            let distance = Self.distance(wanted, other)
            if distance < best { (best, found) = (distance, names[at]) }
        }
        return found
    }

    /// A name without case and separators.
    private static func folded(_ name: String) -> [UInt8] { Array(PlanReview.folded(name).utf8) }

    /// How many letters must be changed, added or removed (Levenshtein).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (at, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = at + 1
            for (place, other) in right.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[place + 1]
                row[place + 1] = min(changed, row[place] + 1, row[place + 1] + 1)
            }
        }
        return row[right.count]
    }
}

extension DriftBook.Sighting {
    /// The types of its values, by name.
    package var typeNames: [String] {
        SchemaCompiler.typeNames.filter { types & $0.bit != 0 }.map(\.name)
    }
}
