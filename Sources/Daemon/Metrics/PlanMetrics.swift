import Plan

/// The metrics of the tracking plan; none while no plan is in force.
enum PlanMetrics {
    static func all(_ plan: LoadedPlan?, _ figures: PlanFigures) -> [Metric] {
        guard let plan else { return [] }
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
        ]
    }
}
