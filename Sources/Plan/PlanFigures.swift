package import Events
import Synchronization

/// Counts of the events that plans have judged in a run, of all writers.
///
/// Writers add to it with each commit, from a ``PlanTally``. Any thread may call.
package final class PlanFigures: Sendable {
    /// The most names that are told apart in a run, of all plans that were in force.
    static let namesMax = 4 * PlanReader.eventsMax

    /// The counts of the events of one name.
    package struct Event: Sendable {
        package var seen = 0
        /// Those that are written with their violations, and those in quarantine.
        package var warned = 0
        package var quarantined = 0
        /// Bytes of the events as they were sent.
        package var bytes = 0
        /// When the last one was received, in microseconds since 1970 UTC.
        package var lastSeen: Int64 = 0
        /// How many of them had a violation of the kind.
        package var kinds: [ViolationKind: Int] = [:]

        package var ok: Int { seen - warned - quarantined }
    }

    /// The counts by name, which are only added to.
    struct Counts {
        /// The first is of events that no plan had, and of names beyond the limit.
        var events = [Event()]
        private(set) var names = [""]
        private var places: [MemberName: Int] = [:]

        /// Returns the place of a name, and makes one; 0 beyond the limit.
        mutating func place(of name: String) -> Int {
            if let place = places[MemberName(name)] { return place }
            guard events.count <= PlanFigures.namesMax else { return 0 }
            places[MemberName(name)] = events.count
            events.append(Event())
            names.append(name)
            return events.count - 1
        }

        /// The counts of a name.
        func event(named name: String) -> Event {
            places[MemberName(name)].map { events[$0] } ?? Event()
        }
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// Adds to the counts.
    func change(_ body: (inout Counts) -> Void) { counts.withLock { body(&$0) } }

    /// The counts of the events of each of these names.
    package func events(named names: [String]) -> [Event] {
        counts.withLock { counts in names.map(counts.event(named:)) }
    }

    /// The counts of events that no plan had.
    package var unplanned: Event { counts.withLock { $0.events[0] } }

    /// The counts by verdict.
    package var byVerdict: [(verdict: String, count: Int)] {
        var sum = Event()
        counts.withLock { counts in
            for event in counts.events {
                sum.seen += event.seen
                sum.warned += event.warned
                sum.quarantined += event.quarantined
            }
        }
        return [("ok", sum.ok), ("annotated", sum.warned), ("quarantined", sum.quarantined)]
    }

    /// How many planned events had a violation, by name and kind: those with the most, at most `most`;
    /// the others are counted together by kind, without a name.
    package func violations(
        most: Int
    ) -> [(event: String?, kind: ViolationKind, count: Int)] {
        let (events, names) = counts.withLock { ($0.events, $0.names) }
        var all: [(event: String?, kind: ViolationKind, count: Int)] = []
        for (place, event) in events.enumerated().dropFirst() {
            for (kind, count) in event.kinds { all.append((names[place], kind, count)) }
        }
        all.sort {
            ($1.count, $0.event ?? "", $0.kind.rawValue)
                < ($0.count, $1.event ?? "", $1.kind.rawValue)
        }
        let others = Dictionary(
            all.dropFirst(most).map { ($0.kind, $0.count) },
            uniquingKeysWith: +
        )
        return all.prefix(most)
            + others.sorted { $0.key.rawValue < $1.key.rawValue }.map { (nil, $0.key, $0.value) }
    }
}
