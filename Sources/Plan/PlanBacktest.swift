import Events

/// Counts what a plan says about events that are there already.
///
/// One thread; the memory does not grow with the number of events.
package struct PlanBacktest: ~Copyable {
    /// The most kinds of findings that are told apart.
    static let findingsMax = 4_096

    /// What is wrong, of which events.
    package struct Finding: Hashable, Sendable {
        /// Empty for events without a name.
        package let event: String
        /// `unplanned_event`, or the kind of a violation.
        package let kind: String
        package let path: String
    }

    /// How often something was found.
    package struct Tally: Sendable {
        package var count = 0
        package var verdict = PlanVerdict.allow
        /// Where the first ones are.
        package var places: [String] = []
    }

    private let plan: CompiledPlan
    private let placesMax: Int
    private var reader = ValueReader(depthMax: 1_026)
    private var walk = PlanWalk()
    package private(set) var findings: [Finding: Tally] = [:]
    /// Events by verdict.
    package private(set) var verdicts: [PlanVerdict: Int] = [:]
    package private(set) var count = 0
    /// Texts that are no JSON object.
    package private(set) var unreadable = 0
    /// Violations beyond those that are told apart.
    package private(set) var others = 0

    /// - `placesMax`: how many places are kept per finding.
    package init(_ plan: PlanDefinition, placesMax: Int) throws(SchemaError) {
        self.plan = try CompiledPlan(plan)
        self.placesMax = placesMax
    }

    /// Checks an event, and returns the verdict; nil if it cannot be read.
    ///
    /// `place`: says where it is.
    @discardableResult
    package mutating func add(
        _ bytes: UnsafeRawBufferPointer,
        at place: () -> String
    ) -> PlanVerdict? {
        guard reader.read(bytes) == nil, bytes[reader.start] == UInt8(ascii: "{") else {
            unreadable += 1
            return nil
        }
        count += 1
        let root = plan.root(for: reader.eventName)
        guard walk.run(plan.program, root: root.node, reader.reader, at: reader.start) else {
            preconditionFailure("no memory to check an event")
        }
        let verdict = plan.verdict(walk, isPlanned: root.isPlanned)
        verdicts[verdict, default: 0] += 1
        if root.isPlanned, walk.isMet { return verdict }
        let name = String(decoding: reader.eventName, as: UTF8.self)
        if !root.isPlanned {
            let finding = Finding(event: name, kind: "unplanned_event", path: "")
            count(finding, plan.verdicts.unplannedEvent, at: place)
        }
        for violation in walk.violations {
            let kind = violation.kind
            let finding = Finding(event: name, kind: "\(kind)", path: violation.path)
            count(finding, plan.verdicts[kind], at: place)
        }
        others += walk.violationCount - walk.violations.count
        return verdict
    }

    private mutating func count(
        _ finding: Finding,
        _ verdict: PlanVerdict,
        at place: () -> String
    ) {
        guard findings.count < Self.findingsMax || findings[finding] != nil else {
            others += 1
            return
        }
        var tally = findings[finding] ?? Tally()
        tally.count += 1
        tally.verdict = verdict
        if tally.places.count < placesMax { tally.places.append(place()) }
        findings[finding] = tally
    }
}
