import Events

/// The changes from one plan to another, and what they mean for events that are there already.
package struct PlanDiff: Sendable {
    /// What a change may do to events that met the old plan.
    package enum Rank: String, Sendable, CaseIterable, Comparable {
        /// Nothing: all of them meet the new plan too.
        case addition
        /// Some may violate the new plan.
        case revision
        /// What they mean changes, or none of them may meet it.
        case model

        package static func < (left: Rank, right: Rank) -> Bool {
            allCases.firstIndex(of: left) ?? 0 < allCases.firstIndex(of: right) ?? 0
        }
    }

    package struct Change: Sendable, Equatable {
        package let rank: Rank
        /// `event 'Order Completed', properties total: …`.
        package let text: String
    }

    package private(set) var changes: [Change] = []
    /// The least version of the new plan.
    package let versionMin: Int

    package init(from old: PlanDefinition, to new: PlanDefinition) {
        var changes = Self.verdictChanges(old.verdicts, new.verdicts)
        changes += PropertyDiff(old.common, new.common, isClosed: false, at: "common").changes
        let before = Dictionary(old.events.map { (MemberName($0.name), $0) }) { first, _ in first }
        let after = Dictionary(new.events.map { (MemberName($0.name), $0) }) { first, _ in first }
        for event in old.events where after[MemberName(event.name)] == nil {
            changes.append(Change(rank: .model, text: "event '\(event.name)': removed"))
        }
        for event in new.events {
            let place = "event '\(event.name)'"
            guard let known = before[MemberName(event.name)] else {
                changes.append(Change(rank: .addition, text: "\(place): added"))
                continue
            }
            changes +=
                PropertyDiff(known.properties, event.properties, isClosed: true, at: place).changes
            changes += Self.schemaChanges(known.schema, event.schema, at: place)
        }
        self.changes = changes
        versionMin = changes.isEmpty ? old.version : old.version + 1
    }

    private static func schemaChanges(
        _ old: SchemaValue?,
        _ new: SchemaValue?,
        at place: String
    ) -> [Change] {
        switch (old, new) {
        case (nil, nil): return []
        case (_, nil): return [Change(rank: .addition, text: "\(place): schema removed")]
        case (nil, _): return [Change(rank: .revision, text: "\(place): schema added")]
        case (let old?, let new?):
            if old.json.utf8.elementsEqual(new.json.utf8) { return [] }
            return [Change(rank: .revision, text: "\(place): schema changed")]
        }
    }

    private static func verdictChanges(_ old: PlanVerdicts, _ new: PlanVerdicts) -> [Change] {
        [
            ("unplannedEvent", old.unplannedEvent, new.unplannedEvent),
            ("unplannedProperty", old.unplannedProperty, new.unplannedProperty),
            ("missingProperty", old.missingProperty, new.missingProperty),
            ("wrongType", old.wrongType, new.wrongType), ("rule", old.rule, new.rule),
        ].compactMap { name, old, new in
            guard old != new else { return nil }
            return Change(
                rank: new > old ? .revision : .addition,
                text: "verdict \(name): \(new.rawValue), was \(old.rawValue)"
            )
        }
    }
}

/// The changes of the properties at one place.
private struct PropertyDiff {
    private(set) var changes: [PlanDiff.Change] = []
    private let place: String

    /// - `isClosed`: whether properties that are not described are violations.
    init(
        _ old: [PlannedProperty],
        _ new: [PlannedProperty],
        isClosed: Bool,
        at place: String
    ) {
        self.place = place
        let before = Dictionary(old.map { ($0.path, $0.rule) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.path, $0.rule) }) { first, _ in first }
        for property in old where after[property.path] == nil {
            // Where nothing is closed a rule less is a freedom more.
            add(isClosed ? .model : .addition, of: property.path, "removed")
        }
        let parents = Set(old.flatMap { Self.parents(of: $0.path) })
        let described = Set(old.map(\.path.steps))
        for property in new {
            guard let rule = before[property.path] else {
                // What was free is bound now: the first part of a place, or a place with parts.
                let binds =
                    !isClosed || old.isEmpty || parents.contains(property.path.steps)
                    || Self.parents(of: property.path).contains {
                        described.contains($0) && !parents.contains($0)
                    }
                let isRequired = property.rule.isRequired
                let rank: PlanDiff.Rank = isRequired ? .model : binds ? .revision : .addition
                add(rank, of: property.path, isRequired ? "added, required" : "added")
                continue
            }
            compare(rule, property.rule, of: property.path)
        }
    }

    /// The places that a property makes objects or arrays with described parts.
    private static func parents(of path: EventPath) -> [[EventPath.Step]] {
        path.steps.indices.map { Array(path.steps[..<$0]) }
    }

    private mutating func add(_ rank: PlanDiff.Rank, of path: EventPath, _ text: String) {
        changes.append(PlanDiff.Change(rank: rank, text: "\(place), \(path): \(text)"))
    }

    private mutating func compare(
        _ old: PropertyRule,
        _ new: PropertyRule,
        of path: EventPath
    ) {
        if new.isRequired != old.isRequired {
            if new.isRequired {
                add(.model, of: path, "is required now")
            } else {
                add(.addition, of: path, "is no longer required")
            }
        }
        compareTypes(old.types, new.types, of: path)
        compareValues(old.values, new.values, of: path)
        let texts = [
            ("format", old.format, new.format), ("pattern", old.pattern?.text, new.pattern?.text),
        ]
        for (name, old, new) in texts where old != new {
            add(new == nil ? .addition : .revision, of: path, "\(name) \(new ?? "removed")")
        }
        for (name, old, new) in [
            ("length", old.length, new.length), ("items", old.items, new.items),
        ] where old.least != new.least || old.most != new.most {
            let isNarrower = new.least > old.least || new.most < old.most
            add(isNarrower ? .revision : .addition, of: path, "bounds of its \(name) changed")
        }
        compareBounds(old, new, of: path)
        if old.unit != new.unit, old.unit != nil {
            add(.model, of: path, "unit \(new.unit ?? "removed")")
        }
    }

    private mutating func compareTypes(_ old: UInt8, _ new: UInt8, of path: EventPath) {
        // Every integer is a number.
        func whole(_ types: UInt8) -> UInt8 { types & 32 != 0 ? types | 64 : types }
        let (before, after) = (whole(old), whole(new))
        guard before != after else { return }
        if before & ~after == 0 {
            add(.addition, of: path, "accepts more types")
        } else {
            add(
                before & after == 0 ? .model : .revision,
                of: path,
                "accepts fewer types, or others"
            )
        }
    }

    private mutating func compareValues(
        _ old: [SchemaValue],
        _ new: [SchemaValue],
        of path: EventPath
    ) {
        let before = Set(old.map { MemberName($0.json) })
        let after = Set(new.map { MemberName($0.json) })
        guard before != after else { return }
        if after.isEmpty {
            add(.addition, of: path, "any value is accepted now")
        } else if before.isEmpty {
            add(.revision, of: path, "only some values are accepted now")
        } else {
            let isWider = before.isSubset(of: after)
            add(isWider ? .addition : .revision, of: path, "accepted values changed")
        }
    }

    private mutating func compareBounds(
        _ old: PropertyRule,
        _ new: PropertyRule,
        of path: EventPath
    ) {
        func number(_ rule: PropertyRule, _ isMinimum: Bool) -> Double {
            let bound = rule.bounds.first { ($0.kind == .minimum) == isMinimum }
            return bound.flatMap { Double($0.number) } ?? (isMinimum ? -.infinity : .infinity)
        }
        let (least, most) = (number(new, true), number(new, false))
        let (leastBefore, mostBefore) = (number(old, true), number(old, false))
        guard least != leastBefore || most != mostBefore else { return }
        let isNarrower = least > leastBefore || most < mostBefore
        add(isNarrower ? .revision : .addition, of: path, "minimum or maximum changed")
    }
}
