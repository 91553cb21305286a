import Configuration
import Control
import Events
import Intake
import Pipeline
import Plan
import Platform
import Synchronization

/// What the tracking plan has found.
extension Collector {
    private func planInForce() throws -> (loaded: LoadedPlan, mode: Settings.Plan.Mode) {
        let (plan, mode) = changing.withLock { ($0.plan, $0.settings.plan.mode) }
        guard let plan else {
            throw ControlError(
                code: "no_plan",
                message: "no plan is in force; set plan.directory and plan.mode, then 'reload'"
            )
        }
        return (plan, mode)
    }

    /// The plan in force, with the counts of its events in this run.
    func plan() async throws -> PlanAnswer {
        let (loaded, mode) = try planInForce()
        let figures = pipeline.configuration.planFigures
        var answer = PlanAnswer(
            plan: loaded.name,
            version: loaded.inForce.plan.version,
            loadedAt: Timestamp.text(loaded.loadedAt),
            mode: mode.rawValue
        )
        let counts = figures.events(named: loaded.definition.events.map(\.name))
        answer.events = zip(loaded.definition.events, counts).map { event, counts in
            PlanAnswer.Event(
                event.name,
                owner: event.owner,
                status: event.status,
                kpis: event.kpis,
                counts: PlanAnswer.Counts(counts)
            )
        }
        answer.unplanned = PlanAnswer.Counts(figures.unplanned)
        return answer
    }

    /// What events have that the plan does not, in this run.
    func drift() async throws -> [DriftAnswer] {
        let (loaded, _) = try planInForce()
        let sources = pipeline.configuration.sources.map(\.name)
        let node = pipeline.configuration.node
        let names = NearestPlanned(loaded.definition)
        return pipeline.configuration.drift.sorted.map { key, sighting in
            var entry = DriftAnswer(
                event: key.event.text,
                path: key.path.text,
                kind: key.kind.rawValue,
                source: sources[key.source],
                count: sighting.count,
                firstSeen: Timestamp.text(sighting.firstSeen),
                lastSeen: Timestamp.text(sighting.lastSeen)
            )
            entry.nearest = names.name(for: key)
            entry.types = sighting.typeNames
            entry.personal = sighting.isPersonal
            entry.sample = Int(sighting.line).map {
                DriftAnswer.Place(node: node, run: run, seq: $0)
            }
            entry.library = sighting.library
            return entry
        }
    }
}

extension PlanAnswer.Counts {
    init(_ event: PlanFigures.Event) {
        self.init()
        (seen, ok) = (event.seen, event.ok)
        (warned, quarantined) = (event.warned, event.quarantined)
        bytes = event.bytes
        lastSeen = event.lastSeen == 0 ? nil : Timestamp.text(event.lastSeen)
    }
}
