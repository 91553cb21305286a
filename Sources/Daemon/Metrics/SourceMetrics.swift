import Control
import Events
import Pipeline
import Storage

/// The metrics by source: of this run only, from 0, so that only events increase a counter.
///
/// Every series exists from the start: to Prometheus one that begins at 500 has not grown.
enum SourceMetrics {
    /// The reasons for which a piece can be dropped.
    static let dropReasons = [QuarantineQuota.reason]

    /// Figures that only a metric shows by source; `stats` has the sums.
    private static let answers: [Figure<PipelineSnapshot.Source>] = [
        Figure(
            "sent",
            \.acknowledged,
            metric: "touchpoint_answers_sent_total",
            help: "Answers sent to producers."
        ),
        Figure(
            "dropped",
            \.acknowledgementsDropped,
            metric: "touchpoint_answers_unsent_total",
            help: "Answers that could not be sent: the peer was gone, or did not read."
        ),
    ]

    /// `states`: in the order of `sources`.
    static func all(_ sources: [PipelineSnapshot.Source], states: [ServiceState]) -> [Metric] {
        let parts = sources.map { (part: SourceStats($0), labels: [label($0)]) }
        return Metric.all(Ledger.figures, of: parts.map { ($0.part.ledger, $0.labels) })
            + reasons(sources)
            + Metric.all(SourceStats.figures, of: parts)
            + Metric.all(answers, of: sources.map { ($0, [label($0)]) })
            + open(zip(sources.map(\.name), states))
            + Metric.all(
                ConnectionStats.figures,
                of: parts.map { ($0.part.connections, $0.labels) }
            )
    }

    private static func label(_ source: PipelineSnapshot.Source) -> Metric.Label {
        Metric.Label("source", source.name)
    }

    private static func reasons(_ sources: [PipelineSnapshot.Source]) -> [Metric] {
        [
            Metric(
                "touchpoint_events_quarantined_total",
                help: "Events that could not be accepted, and are kept in quarantine.",
                kind: .counter,
                samples: sources.flatMap { source in
                    Rejection.allCases.map {
                        sample(source, source.ledger.quarantined[$0.index], reason: $0.rawValue)
                    }
                }
            ),
            Metric(
                "touchpoint_events_dropped_total",
                help: "Events that could not be accepted, and could not be kept either.",
                kind: .counter,
                samples: sources.flatMap { source in
                    dropReasons.map { sample(source, source.ledger.dropped, reason: $0) }
                }
            ),
        ]
    }

    private static func sample(
        _ source: PipelineSnapshot.Source,
        _ value: Int,
        reason: String
    ) -> Metric.Sample {
        Metric.Sample(Double(value), labels: [label(source), Metric.Label("reason", reason)])
    }

    private static func open(_ sources: Zip2Sequence<[String], [ServiceState]>) -> [Metric] {
        [
            Metric(
                "touchpoint_source_open",
                help: "1 while a source takes events in.",
                kind: .gauge,
                samples: sources.map { name, state in
                    Metric.Sample(state == .running ? 1 : 0, labels: [Metric.Label("source", name)])
                }
            ),
            Metric(
                "touchpoint_source_state",
                help: "1 for the state that a source is in.",
                kind: .gauge,
                samples: sources.flatMap { name, state in
                    Metric.oneOf(ServiceState.allCases, is: state) {
                        [Metric.Label("source", name), Metric.Label("state", $0.rawValue)]
                    }
                }
            ),
            .gauge(
                "touchpoint_intake_open",
                help: "1 while every source takes events in.",
                value: sources.allSatisfy { $0.1 == .running } ? 1 : 0
            ),
        ]
    }
}
