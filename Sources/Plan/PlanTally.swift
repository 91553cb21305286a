import Events

/// One writer's counts of the events that a plan has judged, since they were last added to the run's.
///
/// Plain memory, because every checked event touches it; an event that meets the plan allocates
/// nothing. One thread.
package final class PlanTally {
    /// What was done with an event.
    package enum Outcome: Sendable {
        case ok, warned, quarantined
    }

    private struct Entry {
        var seen: UInt32 = 0
        var warned: UInt32 = 0
        var quarantined: UInt32 = 0
        /// Its place in ``PlanFigures``; -1 before it is known.
        var place: Int32 = -1
        var bytes = 0
        var lastSeen: Int64 = 0
    }

    private struct Kind: Hashable {
        let number: Int
        let kind: ViolationKind
    }

    private let names: [String]
    /// By the number of the event; the last is of events that the plan does not have.
    private let entries: UnsafeMutablePointer<Entry>
    /// The numbers with counts.
    private let touched: UnsafeMutablePointer<UInt32>
    private var touchedCount = 0
    private var kinds: [Kind: Int] = [:]

    package init(_ plan: CompiledPlan) {
        names = plan.names
        entries = .allocate(capacity: names.count + 1)
        entries.initialize(repeating: Entry(), count: names.count + 1)
        entries[names.count].place = 0
        touched = .allocate(capacity: names.count + 1)
    }

    deinit {
        entries.deallocate()
        touched.deallocate()
    }

    /// Counts an event.
    ///
    /// - `number`: of its ``CompiledPlan/Root``.
    /// - `receivedAt`: microseconds since 1970 UTC.
    package func count(
        _ number: Int,
        _ outcome: Outcome,
        bytes: Int,
        receivedAt: Int64
    ) {
        let entry = entries + number
        if entry.pointee.seen == 0 {
            touched[touchedCount] = UInt32(truncatingIfNeeded: number)
            touchedCount += 1
        }
        entry.pointee.seen &+= 1
        switch outcome {
        case .ok: break
        case .warned: entry.pointee.warned &+= 1
        case .quarantined: entry.pointee.quarantined &+= 1
        }
        entry.pointee.bytes &+= bytes
        entry.pointee.lastSeen = max(entry.pointee.lastSeen, receivedAt)
    }

    /// Counts an event among those with violations of these kinds, one bit each.
    package func count(kinds found: UInt32, of number: Int) {
        guard number < names.count else { return }
        for kind in ViolationKind.allCases where found >> kind.rawValue & 1 == 1 {
            kinds[Kind(number: number, kind: kind), default: 0] += 1
        }
    }

    /// Adds the counts to those of the run, and forgets them.
    package func move(to figures: PlanFigures) {
        guard touchedCount > 0 else { return }
        figures.change { counts in
            for at in 0..<touchedCount {
                let entry = entries + Int(touched[at])
                if entry.pointee.place < 0 {
                    entry.pointee.place = Int32(counts.place(of: names[Int(touched[at])]))
                }
                let place = Int(entry.pointee.place)
                counts.events[place].seen += Int(entry.pointee.seen)
                counts.events[place].warned += Int(entry.pointee.warned)
                counts.events[place].quarantined += Int(entry.pointee.quarantined)
                counts.events[place].bytes += entry.pointee.bytes
                counts.events[place].lastSeen = max(
                    counts.events[place].lastSeen,
                    entry.pointee.lastSeen
                )
                entry.pointee = Entry(place: entry.pointee.place)
            }
            for (key, count) in kinds {
                let place = Int(entries[key.number].place)
                if place > 0 { counts.events[place].kinds[key.kind, default: 0] += count }
            }
        }
        touchedCount = 0
        if !kinds.isEmpty { kinds.removeAll(keepingCapacity: true) }
    }
}
