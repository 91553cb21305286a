import Events
import Plan

/// What one writer notes of the events that a plan checks: counts, and what drifts.
///
/// One thread. Only events that do not meet the plan allocate.
struct PlanNotes: ~Copyable {
    private let plan: CompiledPlan
    private let tally: PlanTally
    private let drift: DriftTally
    /// By the place of the event in the burst.
    private let numbers: UnsafeMutablePointer<Int>
    private let violations: UnsafeMutablePointer<[DriftTally.Violation]>
    /// The events with ``violations``, one bit each.
    private var drifting = 0

    init(_ plan: CompiledPlan, drift: DriftTally) {
        self.plan = plan
        self.drift = drift
        tally = PlanTally(plan)
        numbers = .allocate(capacity: EventBurst.eventsMax)
        numbers.initialize(repeating: 0, count: EventBurst.eventsMax)
        violations = .allocate(capacity: EventBurst.eventsMax)
        violations.initialize(repeating: [], count: EventBurst.eventsMax)
    }

    deinit {
        numbers.deallocate()
        violations.deinitialize(count: EventBurst.eventsMax)
        violations.deallocate()
    }

    /// Notes which event is at a place.
    @inline(__always)
    mutating func see(_ root: CompiledPlan.Root, at place: Int) {
        numbers[place] = root.number
        if drifting & 1 << place != 0 { forget(place) }
    }

    @inline(never)
    private mutating func forget(_ place: Int) {
        violations[place] = []
        drifting &= ~(1 << place)
    }

    /// Notes what the event at a place violates.
    @inline(never)
    mutating func note(_ walk: borrowing PlanWalk, _ root: CompiledPlan.Root, at place: Int) {
        violations[place] = DriftTally.violations(of: walk, root)
        if !violations[place].isEmpty { drifting |= 1 << place }
    }

    /// Counts an event of a burst that is filed.
    ///
    /// - `kinds`: those of its violations that count, one bit each.
    @inline(__always)
    mutating func count(
        _ event: EventView,
        at place: Int,
        _ outcome: PlanTally.Outcome,
        kinds: UInt32,
        receivedAt: Int64
    ) {
        tally.count(
            numbers[place],
            outcome,
            bytes: event.bytes.count,
            receivedAt: receivedAt
        )
        if kinds != 0 { tally.count(kinds: kinds, of: numbers[place]) }
    }

    /// Notes the drift of an event that has a line now, with the number of its source.
    mutating func file(
        _ burst: borrowing EventBurst,
        at place: Int,
        sequence: Int
    ) {
        guard drifting & 1 << place != 0 else { return }
        let view = burst.views[place]
        let event = DriftTally.Event(
            name: String(decoding: view.name, as: UTF8.self),
            bytes: view.bytes,
            context: view.inheritedContext,
            source: burst.source,
            receivedAt: burst.receivedAt
        )
        drift.note(violations[place], of: event, plan) { "\(sequence)" }
    }

    /// Adds what was noted to that of the run.
    mutating func move(to figures: PlanFigures, _ book: DriftBook) {
        tally.move(to: figures)
        drift.move(to: book)
    }
}
