import Compression
import Events
import Plan

/// What a plan says against an event.
struct PlanFinding {
    /// Why it goes to quarantine; nil if it is written.
    let rejection: Rejection?
    /// What it violates, each as the content of a JSON string; never a value.
    let violations: [String]

    /// The kinds of the violations that count, one bit each.
    let kinds: UInt32

    /// The list as the content of one JSON string.
    var detail: String { violations.joined(separator: "; ") }

    /// The list as elements of a JSON array.
    var elements: String { violations.map { "\"\($0)\"" }.joined(separator: ",") }
}

/// What a plan says of the events of a burst, which are walked while they are read.
///
/// One thread, the writer's. An event that meets the plan allocates nothing.
final class PlanChecks {
    /// Whether it can send an event to quarantine.
    @exclusivity(unchecked) var isEnforced = false
    /// Whether answers name what events violate.
    let warns: Bool
    private let plan: CompiledPlan
    @exclusivity(unchecked) private var notes: PlanNotes
    private let findings: UnsafeMutablePointer<PlanFinding?>
    /// `"plan":12`, alone and with what is written about one event.
    @exclusivity(unchecked) private var version = GrowableBuffer()
    @exclusivity(unchecked) private var metadata = GrowableBuffer()

    init(_ inForce: PlanInForce, drift: DriftTally) {
        notes = PlanNotes(inForce.plan, drift: drift)
        plan = inForce.plan
        warns = inForce.warns
        findings = .allocate(capacity: EventBurst.eventsMax)
        findings.initialize(repeating: nil, count: EventBurst.eventsMax)
        version.append(text: #""plan":\#(plan.version)"#)
    }

    deinit {
        findings.deinitialize(count: EventBurst.eventsMax)
        findings.deallocate()
    }

    /// The version of the plan.
    var planVersion: Int { plan.version }

    // MARK: - Reading

    /// Takes what the walk over an event found.
    @inline(__always)
    func take(_ event: WalkedEvent, _ walk: borrowing PlanWalk) {
        notes.see(event.root, at: event.place)
        if event.isWalked, event.isPlanned, walk.isMet {
            if findings[event.place] != nil { findings[event.place] = nil }
        } else {
            findings[event.place] = finding(event, walk)
            if event.isWalked { notes.note(walk, event.root, at: event.place) }
        }
    }

    /// What is wrong with the event last walked; nil if the plan allows it.
    @inline(never)
    private func finding(_ event: WalkedEvent, _ walk: borrowing PlanWalk) -> PlanFinding? {
        let (verdicts, isPlanned) = (plan.verdicts, event.isPlanned)
        var violations: [String] = []
        if !isPlanned, verdicts.unplannedEvent > .allow { violations.append("unplanned_event") }
        var verdict = isPlanned ? PlanVerdict.allow : verdicts.unplannedEvent
        var kinds: UInt32 = 0
        if event.isWalked {
            for kind in ViolationKind.allCases where walk.has(kind) && verdicts[kind] > .allow {
                kinds |= 1 << kind.rawValue
            }
            verdict = max(verdict, plan.verdict(walk, isPlanned: isPlanned))
            let found = walk.violations
            violations += found.filter { verdicts[$0.kind] > .allow }.map(\.escaped)
            let more = walk.violationCount - found.count
            if more > 0 { violations.append("more \(more)") }
        } else {
            // There was no memory: it has not met the plan.
            verdict = max(verdict, verdicts.rule)
            kinds = 1 << ViolationKind.work.rawValue
            violations.append("\(ViolationKind.work)")
        }
        guard verdict > .allow else { return nil }
        var rejection: Rejection?
        if isEnforced, verdict == .quarantine {
            let isUnplanned = !isPlanned && verdicts.unplannedEvent == .quarantine
            rejection = isUnplanned ? .unplannedEvent : .planViolation
        }
        return PlanFinding(rejection: rejection, violations: violations, kinds: kinds)
    }

    // MARK: - Filing

    /// Applies the verdicts to the burst that was just read.
    ///
    /// `isFiling`: false if the burst will be read again.
    @inline(never)
    func judge(_ burst: inout EventBurst, isFiling: Bool) {
        burst.check(with: self)
        for at in 0..<burst.count where burst.views[at].rejection == nil {
            var outcome = PlanTally.Outcome.ok
            var kinds: UInt32 = 0
            if let finding = findings[at] {
                outcome = finding.rejection == nil ? .warned : .quarantined
                kinds = finding.kinds
                if let rejection = finding.rejection {
                    burst.judge(.quarantine(rejection), at: at)
                }
            }
            guard isFiling else { continue }
            notes.count(
                burst.views[at],
                at: at,
                outcome,
                kinds: kinds,
                receivedAt: burst.receivedAt
            )
        }
    }

    /// Notes that an event has a line now, with a number of its source.
    func file(_ burst: borrowing EventBurst, at place: Int, sequence: Int) {
        notes.file(burst, at: place, sequence: sequence)
    }

    /// Adds what was noted to that of the run.
    func moveNotes(to figures: PlanFigures, _ book: DriftBook) { notes.move(to: figures, book) }

    /// What is wrong with an event of the burst; nil if nothing is.
    func finding(at place: Int) -> PlanFinding? { findings[place] }

    /// The members of an event's metadata, after those of its request; valid until the next call.
    func metadata(at place: Int, behind note: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let finding = findings[place]
        if note.isEmpty, finding == nil { return version.bytes }
        metadata.removeAll()
        if !note.isEmpty {
            metadata.append(note)
            metadata.append(text: ",")
        }
        metadata.append(version.bytes)
        if let finding { metadata.append(text: #","violations":[\#(finding.elements)]"#) }
        return metadata.bytes
    }
}

extension GrowableBuffer {
    fileprivate mutating func append(text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }
}
