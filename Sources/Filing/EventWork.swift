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
/// One thread, the writer's. An event in which nobody finds anything unusual allocates nothing. No method is called
/// again while it runs, so accesses to properties need no check for that.
final class EventWork: EventCheck {
    /// What the plan says; nil if the source's events are not checked.
    @exclusivity(unchecked) private(set) var plan: PlanChecks?
    private let checks: PlanChecks?
    /// The values of `partition.path`; nil if it has no paths.
    let keys: KeyValues?
    /// What events are known by where their source says so; nil if none does.
    let fields: FieldWork?
    private let sources: [EventWants.Source?]
    /// The source of the events that are read.
    @exclusivity(unchecked) private var source = -1
    @exclusivity(unchecked) private var program: CompiledPlan?
    /// Whether there is a plan, and the source says where its events have their names.
    @exclusivity(unchecked) private var namesEvents = false
    @exclusivity(unchecked) private var walk = PlanWalk()
    /// Reads events that take fields from their batch.
    @exclusivity(unchecked) private var whole: ValueReader
    /// Makes events of lists, and the text of the last that it made.
    @exclusivity(unchecked) private var splitter: EnvelopeSplit
    @exclusivity(unchecked) private var splitText = UnsafeMutableRawBufferPointer(
        start: nil,
        count: 0
    )
    @exclusivity(unchecked) private var splitRule: EnvelopeSplit.Rule?
    /// Texts of the burst that are not in a payload.
    @exclusivity(unchecked) private var texts = TextArena()

    init(_ wants: EventWants, depthMax: Int, drift: DriftTally) {
        sources = wants.sources
        checks = wants.plan.map { PlanChecks($0, drift: drift) }
        let keyCount = wants.sources.lazy.compactMap(\.self).first?.keySlots.count ?? 0
        keys = keyCount > 0 ? KeyValues(count: keyCount) : nil
        fields = FieldWork(wants.sources)
        // The members of a batch's context are as deep in the event as they were in the batch.
        whole = ValueReader(depthMax: depthMax)
        splitter = EnvelopeSplit(depthMax: depthMax)
    }

    deinit { splitText.deallocate() }

    /// Begins messages of a source; returns whether anything is wanted of its events.
    func begin(source: Int) -> Bool {
        if source != self.source {
            self.source = source
            program = sources[source]?.program
            fields?.begin(source: source)
            splitRule = sources[source]?.fields?.split
            keys?.begin(sources[source]?.keySlots ?? [])
            let mode = sources[source]?.mode ?? .off
            plan = mode == .off ? nil : checks
            plan?.isEnforced = mode == .enforce
            namesEvents = plan != nil && sources[source]?.fields?.name.isEmpty == false
        }
        return program != nil
    }

    /// Whether the events of a source are elements of lists, so that its messages are read one by one.
    func splits(source: Int) -> Bool { sources[source]?.fields?.split != nil }

    /// Returns the events of a text in which they are elements of a list; nil if it stays as it is.
    ///
    /// Valid until the next call.
    @inline(never)
    func split(_ text: UnsafeRawBufferPointer, messageBytes: Int) -> UnsafeRawBufferPointer? {
        guard let splitRule,
            let events = splitter.split(text, by: splitRule, messageBytes: messageBytes)
        else { return nil }
        // What the parser may read behind a text.
        let room = events.count + WholeText.guardBytes
        if splitText.count < room {
            splitText.deallocate()
            splitText = .allocate(byteCount: room, alignment: 16)
        }
        splitText.copyBytes(from: events)
        return UnsafeRawBufferPointer(rebasing: splitText[..<events.count])
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
        if namesEvents, let named = self.root(ofNamed: walked) {
            walked.root = named
            walked.isWalked = walk.run(program.program, root: named.node, reader, at: start)
        }
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
        if namesEvents, walked.isWalked, let named = self.root(ofNamed: walked) {
            walked.root = named
            walked.isWalked = walk.run(
                program.program,
                root: named.node,
                whole.reader,
                at: whole.start
            )
        }
        share(walked)
    }

    /// Where the walk of an event begins by the name that its source finds in it; nil if it began there.
    ///
    /// The name is known after a walk only, so such events are walked twice if the plan has them.
    @inline(never)
    private func root(ofNamed event: WalkedEvent) -> CompiledPlan.Root? {
        fields?.take(event, walk)
        guard let program, let name = fields?.name(at: event.place), !name.isEmpty else {
            return nil
        }
        let named = program.root(for: name)
        return named.node == event.root.node ? nil : named
    }

    /// Adds what was noted to that of the run.
    func moveNotes(to figures: PlanFigures, _ book: DriftBook) {
        checks?.moveNotes(to: figures, book)
    }

    /// Shows an event to all who want something of it.
    @inline(__always)
    private func share(_ event: WalkedEvent) {
        plan?.take(event, walk)
        fields?.take(event, walk)
        keys?.take(event, walk, unescapingInto: &texts)
    }

    // MARK: - Filing

    /// Applies what was found to the burst that was just read.
    ///
    /// `isFiling`: false if the burst will be read again.
    func judge(_ burst: inout EventBurst, isFiling: Bool) {
        burst.take(keys: keys)
        fields?.apply(to: &burst)
        plan?.judge(&burst, isFiling: isFiling)
    }
}
