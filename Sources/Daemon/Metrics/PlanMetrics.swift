import Pipeline
import Plan

/// The metrics of the tracking plan; none while no plan is in force.
enum PlanMetrics {
    /// The most series of violations; what events beyond them violate is counted together.
    private static let violationsMax = 1_000

    static func all(_ plan: LoadedPlan?, _ pipeline: PipelineConfiguration) -> [Metric] {
        guard let plan else { return [] }
        let figures = pipeline.planFigures
        return [
            Metric(
                "touchpoint_plan_info",
                help: "1; its labels name the plan in force.",
                kind: .gauge,
                samples: [
                    Metric.Sample(
                        1,
                        labels: [
                            Metric.Label("plan", plan.name),
                            Metric.Label("version", "\(plan.inForce.plan.version)"),
                        ]
                    )
                ]
            ),
            Metric(
                "touchpoint_plan_events_total",
                help: "Events that were checked with a plan, by its verdict.",
                kind: .counter,
                samples: figures.byVerdict.map { verdict, count in
                    Metric.Sample(Double(count), labels: [Metric.Label("verdict", verdict)])
                }
            ),
            Metric(
                "touchpoint_plan_violations_total",
                help: "Events of the plan with a violation of the kind.",
                kind: .counter,
                samples: figures.violations(most: violationsMax).map { event, kind, count in
                    Metric.Sample(
                        Double(count),
                        labels: [
                            Metric.Label("event", event ?? DriftBook.other),
                            Metric.Label("kind", "\(kind)"),
                        ]
                    )
                }
            ),
            Metric(
                "touchpoint_drift_entries",
                help: "What events have that the plan does not: entries in 'drift'.",
                kind: .gauge,
                samples: [Metric.Sample(Double(pipeline.drift.count))]
            ),
        ]
    }
}
