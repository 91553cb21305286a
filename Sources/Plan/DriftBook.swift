package import Events
import Synchronization

/// What events have that their plan does not, of all writers of a run.
///
/// Bounded, whatever producers send. It holds names and places, never a value. Any thread may call.
package final class DriftBook: Sendable {
    /// The most entries that are told apart.
    package static let entriesMax = 4_096
    /// The name of all other events.
    package static let other = "__other__"

    package enum Kind: String, Sendable, CaseIterable {
        /// The plan does not have the event.
        case unplannedEvent = "unplanned_event"
        /// It does not have the property.
        case unplanned
        /// The property has another type.
        case type
        /// A value looks like personal data, and no rule covers its place.
        case personal
    }

    /// What drifts: a place in the events of one name from one source.
    package struct Key: Hashable, Sendable {
        package let event: MemberName
        package let path: MemberName
        package let kind: Kind
        /// Its number, or 0.
        package let source: Int

        package init(event: String, path: String, kind: Kind, source: Int) {
            self.event = MemberName(Self.cut(event))
            self.path = MemberName(path)
            self.kind = kind
            self.source = source
        }

        /// The key of what is not told apart.
        var ofOthers: Key { Key(event: DriftBook.other, path: "", kind: kind, source: source) }

        private static func cut(_ name: String) -> String {
            name.utf8.count <= 128
                ? name : String(decoding: name.utf8.prefix(128), as: UTF8.self) + "…"
        }
    }

    /// How often something was seen, and where.
    package struct Sighting: Sendable {
        package var count = 0
        /// Microseconds since 1970 UTC.
        package var firstSeen = Int64.max
        package var lastSeen: Int64 = 0
        /// The types of its values, as in ``NodeRules/types``.
        package var types: UInt8 = 0
        package var isPersonal = false
        /// The place of a line: a number, or a text.
        package var line = ""
        /// The library that sent it, from the event's `context`.
        package var library: String?

        package init() {}

        /// Adds what another writer saw.
        mutating func add(_ other: Sighting) {
            count += other.count
            if other.firstSeen < firstSeen {
                firstSeen = other.firstSeen
                line = other.line
                library = other.library ?? library
            }
            lastSeen = max(lastSeen, other.lastSeen)
            types |= other.types
            isPersonal = isPersonal || other.isPersonal
            library = library ?? other.library
        }
    }

    private let entries = Mutex<[Key: Sighting]>([:])

    package init() {}

    /// The number of entries.
    package var count: Int { entries.withLock { $0.count } }

    /// The entries, those that were seen most first.
    package var sorted: [(key: Key, sighting: Sighting)] {
        entries.withLock { $0 }.map { ($0.key, $0.value) }.sorted { left, right in
            (right.1.count, left.0.event.text, left.0.path.text, left.0.kind.rawValue)
                < (left.1.count, right.0.event.text, right.0.path.text, right.0.kind.rawValue)
        }
    }

    /// Adds sightings.
    func add(_ found: [(key: Key, sighting: Sighting)]) {
        entries.withLock { entries in
            for (key, sighting) in found {
                let isKnown = entries[key] != nil || entries.count < Self.entriesMax
                entries[isKnown ? key : key.ofOthers, default: Sighting()].add(sighting)
            }
        }
    }
}

/// One writer's part of the drift, since it was last added to the run's.
///
/// Only for events that do not meet their plan. It knows what it has seen before, so that only new
/// places cost more than a search. One thread.
package final class DriftTally {
    /// What one violation of an event says.
    package struct Violation: Sendable {
        package let kind: DriftBook.Kind
        package let path: String
        package let types: UInt8
        package let isPersonal: Bool
    }

    /// The event that violates something.
    package struct Event {
        package let name: String
        package let bytes: UnsafeRawBufferPointer
        /// The `context` that it has from its batch.
        package let context: UnsafeRawBufferPointer
        package let source: Int
        /// Microseconds since 1970 UTC; 0 if unknown.
        package let receivedAt: Int64

        package init(
            name: String,
            bytes: UnsafeRawBufferPointer,
            context: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
            source: Int = 0,
            receivedAt: Int64 = 0
        ) {
            self.name = name
            self.bytes = bytes
            self.context = context
            self.source = source
            self.receivedAt = receivedAt
        }
    }

    private struct Seen {
        var total = 0
        var sighting = DriftBook.Sighting()
    }

    private var seen: [DriftBook.Key: Seen] = [:]
    private var touched: Set<DriftBook.Key> = []

    package init() {}

    /// What the violations of the event last walked are, as far as drift is concerned.
    package static func violations(
        of walk: borrowing PlanWalk,
        _ root: CompiledPlan.Root
    ) -> [Violation] {
        var found: [Violation] = []
        if !root.isPlanned {
            found.append(Violation(kind: .unplannedEvent, path: "", types: 0, isPersonal: false))
        }
        for (at, violation) in walk.violations.enumerated() {
            guard let value = walk.value(ofViolation: at) else { continue }
            found.append(
                Violation(
                    kind: violation.kind == .type ? .type : .unplanned,
                    path: violation.path,
                    types: PersonalScan.type(of: value.pointee),
                    isPersonal: violation.kind == .unplanned && PersonalData.isValue(value)
                )
            )
        }
        return found
    }

    /// Notes the violations of an event.
    ///
    /// - `isSearched`: whether to look through it for personal data in any case.
    /// - `line`: tells the place of its line; called for what is new.
    package func note(
        _ violations: [Violation],
        of event: Event,
        _ plan: CompiledPlan,
        isSearched: Bool = false,
        at line: () -> String
    ) {
        var isToBeSearched = isSearched
        for violation in violations {
            let total = add(violation, of: event, at: line)
            // Personal data may come later: looked for less and less often.
            if total & (total - 1) == 0 { isToBeSearched = true }
        }
        guard isToBeSearched else { return }
        // What is said of an unplanned property is not said twice.
        for place in PersonalScan.places(in: event.bytes)
        where !plan.protects(place, ofEvent: event.name)
            && !violations.contains(where: { $0.path == place && $0.isPersonal })
        {
            let found = Violation(kind: .personal, path: place, types: 0, isPersonal: true)
            _ = add(found, of: event, at: line)
        }
    }

    /// Adds one violation; returns how many there were at its place.
    private func add(_ violation: Violation, of event: Event, at line: () -> String) -> Int {
        var key = DriftBook.Key(
            event: event.name,
            path: violation.path,
            kind: violation.kind,
            source: event.source
        )
        if seen[key] == nil, seen.count >= DriftBook.entriesMax { key = key.ofOthers }
        var known = seen[key] ?? Seen()
        known.total += 1
        if known.sighting.count == 0 {
            touched.insert(key)
            known.sighting.firstSeen = event.receivedAt
            if known.total == 1 {
                known.sighting.line = line()
                known.sighting.library = PersonalScan.library(
                    of: event.bytes,
                    context: event.context
                )
                let name = violation.path.split(separator: ".").last.map(String.init) ?? ""
                known.sighting.isPersonal =
                    violation.kind == .unplanned && PersonalData.isName(name)
            }
        }
        known.sighting.count += 1
        known.sighting.lastSeen = max(known.sighting.lastSeen, event.receivedAt)
        known.sighting.types |= violation.types
        if violation.isPersonal { known.sighting.isPersonal = true }
        seen[key] = known
        return known.total
    }

    /// Adds what was seen to that of the run.
    package func move(to book: DriftBook) {
        guard !touched.isEmpty else { return }
        book.add(touched.map { ($0, seen[$0]?.sighting ?? DriftBook.Sighting()) })
        for key in touched { seen[key]?.sighting = DriftBook.Sighting() }
        touched.removeAll(keepingCapacity: true)
    }
}
