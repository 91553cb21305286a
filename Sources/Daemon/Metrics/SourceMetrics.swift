import Control
import Events
import Pipeline
import Storage

/// What is counted by source: of this run alone, from 0, so that nothing but events makes a counter
/// grow.
///
/// Every series exists from the start, since a growth from nothing to 500 is none to Prometheus.
enum SourceMetrics {
    /// Why a piece can be dropped.
    static let dropReasons = [QuarantineQuota.reason]

    /// `states`: in the order of `sources`.
    static func all(_ sources: [PipelineSnapshot.Source], states: [ServiceState]) -> [Metric] {
        events(sources) + messages(sources) + open(zip(sources.map(\.name), states))
    }

    private static func events(_ sources: [PipelineSnapshot.Source]) -> [Metric] {
        [
            counter("touchpoint_events_received_total", "Events read from messages.", sources) {
                $0.ledger.received
            },
            counter(
                "touchpoint_events_written_total",
                "Events in committed segments.",
                sources
            ) { $0.ledger.written },
            Metric(
                "touchpoint_events_quarantined_total",
                help: "Events that could not be accepted, and are kept in quarantine.",
                kind: .counter,
                samples: sources.flatMap { source in
                    Rejection.allCases.map {
                        sample(source, source.ledger.quarantined[$0.index], "reason", $0.rawValue)
                    }
                }
            ),
            Metric(
                "touchpoint_events_dropped_total",
                help: "Events that could not be accepted, and could not be kept either.",
                kind: .counter,
                samples: sources.flatMap { source in
                    dropReasons.map { sample(source, source.ledger.dropped, "reason", $0) }
                }
            ),
            counter(
                "touchpoint_events_duplicate_total",
                "Events that came before and were not written again.",
                sources
            ) { $0.ledger.duplicate },
            counter(
                "touchpoint_events_reused_ids_total",
                "Events that were written with an id that another event had.",
                sources
            ) { $0.ledger.reusedIDs },
            gauge("touchpoint_events_in_flight", "Events not yet committed.", sources) {
                $0.ledger.inFlight
            },
        ]
    }

    private static func messages(_ sources: [PipelineSnapshot.Source]) -> [Metric] {
        [
            counter("touchpoint_messages_total", "Messages received.", sources) { $0.messages },
            counter("touchpoint_payload_bytes_total", "Payload bytes received.", sources) {
                $0.bytes
            },
            counter(
                "touchpoint_messages_rejected_total",
                "Messages whose frames made no sense, or too large for a ring: nothing was kept.",
                sources
            ) { $0.rejectedMessages },
            counter("touchpoint_answers_sent_total", "Answers sent to producers.", sources) {
                $0.acknowledged
            },
            counter(
                "touchpoint_answers_unsent_total",
                "Answers that could not be sent: the peer was gone, or did not read.",
                sources
            ) { $0.acknowledgementsDropped },
            gauge("touchpoint_peers", "Connected peers.", sources) { $0.peers },
        ]
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
                "1 while every source takes events in.",
                sources.allSatisfy { $0.1 == .running } ? 1 : 0
            ),
        ]
    }

    private static func counter(
        _ name: String,
        _ help: String,
        _ sources: [PipelineSnapshot.Source],
        _ value: (PipelineSnapshot.Source) -> Int
    ) -> Metric {
        bySource(name, help, .counter, sources, value)
    }

    private static func gauge(
        _ name: String,
        _ help: String,
        _ sources: [PipelineSnapshot.Source],
        _ value: (PipelineSnapshot.Source) -> Int
    ) -> Metric {
        bySource(name, help, .gauge, sources, value)
    }

    private static func bySource(
        _ name: String,
        _ help: String,
        _ kind: Metric.Kind,
        _ sources: [PipelineSnapshot.Source],
        _ value: (PipelineSnapshot.Source) -> Int
    ) -> Metric {
        let samples = sources.map {
            Metric.Sample(Double(value($0)), labels: [Metric.Label("source", $0.name)])
        }
        return Metric(name, help: help, kind: kind, samples: samples)
    }

    private static func sample(
        _ source: PipelineSnapshot.Source,
        _ value: Int,
        _ label: String,
        _ text: String
    ) -> Metric.Sample {
        Metric.Sample(
            Double(value),
            labels: [Metric.Label("source", source.name), Metric.Label(label, text)]
        )
    }
}
