import Events
package import Plan

/// Other wants, or none.
package struct WantsChange: Sendable {
    package let wants: EventWants?

    package init(to wants: EventWants?) {
        self.wants = wants
    }
}

/// What a writer does with every event while it is read: one walk, of which all who want something of
/// the event take what they want.
///
/// Each of them is a property here, and is shown every event in ``share(_:)``. What it finds it keeps by
/// the event's place in the burst, until the burst was filed.
///
/// One thread, the writer's. An event in which nobody finds anything unusual allocates nothing.
final class EventWork: EventCheck {
    /// What the plan says; nil if the source's events are not checked.
    private(set) var plan: PlanChecks?
    private let checks: PlanChecks?
    /// The values of `partition.path`; nil if it has no paths.
    let keys: KeyValues?
    private let sources: [EventWants.Source?]
    /// The source of the events that are read.
    private var source = -1
    private var program: CompiledPlan?
    private var walk = PlanWalk()
    /// Reads events that take fields from their batch.
    private var whole: ValueReader
    /// Texts of the burst that are not in a payload.
    private var texts = TextArena()

    init(_ wants: EventWants, depthMax: Int, drift: DriftTally) {
        sources = wants.sources
        checks = wants.plan.map { PlanChecks($0, drift: drift) }
        let keyCount = wants.sources.lazy.compactMap(\.self).first?.keySlots.count ?? 0
        keys = keyCount > 0 ? KeyValues(count: keyCount) : nil
        // The members of a batch's context are as deep in the event as they were in the batch.
        whole = ValueReader(depthMax: depthMax)
    }

    /// Begins messages of a source; returns whether anything is wanted of its events.
    func begin(source: Int) -> Bool {
        if source != self.source {
            self.source = source
            program = sources[source]?.program
            keys?.begin(sources[source]?.keySlots ?? [])
            let mode = sources[source]?.mode ?? .off
            plan = mode == .off ? nil : checks
            plan?.isEnforced = mode == .enforce
        }
        return program != nil
    }

    func check(
        _ event: borrowing EventView,
        at place: Int,
        in reader: borrowing EventReader,
        start: Int
    ) {
        guard let program else { return }
        // What the last burst had is filed.
        if place == 0 { texts.removeAll() }
        let root = program.root(for: event.name)
        guard event.inheritedContext.isEmpty, event.inheritedSentAt.isEmpty else {
            return checkWhole(event, at: place, root: root)
        }
        var walked = WalkedEvent(place: place, text: event.bytes, root: root)
        walked.start = start
        walked.isWalked = walk.run(program.program, root: root.node, reader, at: start)
        share(walked)
    }

    /// Does it for an event with fields of its batch, as its line will have them.
    @inline(never)
    private func checkWhole(
        _ event: borrowing EventView,
        at place: Int,
        root: CompiledPlan.Root
    ) {
        guard let program else { return }
        let text = WholeText.write(event, to: &texts)
        var walked = WalkedEvent(place: place, text: text, root: root)
        walked.isCopy = true
        walked.isWalked =
            whole.read(text) == nil
            && walk.run(program.program, root: root.node, whole.reader, at: whole.start)
        share(walked)
    }

    /// Adds what was noted to that of the run.
    func moveNotes(to figures: PlanFigures, _ book: DriftBook) {
        checks?.moveNotes(to: figures, book)
    }

    /// Shows an event to all who want something of it.
    @inline(__always)
    private func share(_ event: WalkedEvent) {
        plan?.take(event, walk)
        keys?.take(event, walk, unescapingInto: &texts)
    }
}
