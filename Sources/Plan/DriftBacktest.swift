import Events

/// Finds what events that are there already have that a plan does not, and where they have personal data.
///
/// Unlike the daemon it looks through every event for personal data. One thread; the memory does not
/// grow with the number of events.
package struct DriftBacktest: ~Copyable {
    private let plan: CompiledPlan
    private let names: NearestPlanned
    private var reader = ValueReader(depthMax: 1_026)
    private var walk = PlanWalk()
    private let tally = DriftTally()
    private let book = DriftBook()
    package private(set) var count = 0
    /// Texts that are no JSON object.
    package private(set) var unreadable = 0

    package init(_ plan: PlanDefinition) throws(SchemaError) {
        self.plan = try CompiledPlan(plan)
        names = NearestPlanned(plan)
    }

    /// Looks at an event; `place` says where it is.
    package mutating func add(_ bytes: UnsafeRawBufferPointer, at place: () -> String) {
        guard reader.read(bytes) == nil, bytes[reader.start] == UInt8(ascii: "{") else {
            unreadable += 1
            return
        }
        count += 1
        let root = plan.root(for: reader.eventName)
        guard walk.run(plan.program, root: root.node, reader.reader, at: reader.start) else {
            preconditionFailure("no memory to check an event")
        }
        let event = DriftTally.Event(
            name: String(decoding: reader.eventName, as: UTF8.self),
            bytes: UnsafeRawBufferPointer(rebasing: bytes[reader.start...])
        )
        let violations = DriftTally.violations(of: walk, root)
        tally.note(violations, of: event, plan, isSearched: true, at: place)
    }

    /// Returns what was found, what was seen most first, each with the nearest planned name.
    package func found() -> [(DriftBook.Key, DriftBook.Sighting, nearest: String?)] {
        tally.move(to: book)
        return book.sorted.map { ($0.key, $0.sighting, names.name(for: $0.key)) }
    }
}
