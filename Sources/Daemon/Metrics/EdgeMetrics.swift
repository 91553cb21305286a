import HTTPSource
import Intake
import Synchronization

/// The metrics of HTTP sources, in this run; there are none without such a source.
enum EdgeMetrics {
    /// An HTTP source with its figures.
    struct Part {
        let source: String
        let requests: RequestFigures.Values
        let bufferedBytes: Int
        let unknownKeys: UnknownKeys.Counts

        fileprivate var label: Metric.Label { Metric.Label("source", source) }
    }

    /// - `names`: of all sources, in their order.
    static func all(_ names: [String], _ edges: EdgeKeys) -> [Metric] {
        all(
            names.compactMap { name in
                edges.figures(of: name).map { figures in
                    Part(
                        source: name,
                        requests: figures.requests.current,
                        bufferedBytes: figures.requests.bufferedBytes.load(ordering: .relaxed),
                        unknownKeys: figures.unknownKeys.counts
                    )
                }
            }
        )
    }

    static func all(_ parts: [Part]) -> [Metric] {
        guard !parts.isEmpty else { return [] }
        return [
            requests(parts),
            Metric(
                "touchpoint_http_buffered_bytes",
                help: "Bytes of bodies that have not come whole, or wait for room.",
                kind: .gauge,
                samples: parts.map { Metric.Sample(Double($0.bufferedBytes), labels: [$0.label]) }
            ),
            unknownKeys(parts),
            Metric(
                histograms: "touchpoint_http_answer_seconds",
                help: "From the last byte of a request with events to its answer.",
                ends: DurationCounts.endsMicroseconds.map { Double($0) / 1e6 },
                parts.map { part in
                    let answers = part.requests.answers
                    let sum = Double(answers.sumMicroseconds) / 1e6
                    return ([part.label], answers.counts, sum)
                }
            ),
        ]
    }

    private static func requests(_ parts: [Part]) -> Metric {
        Metric(
            "touchpoint_http_requests_total",
            help: "Requests answered, by what they were for and the status of the answer.",
            kind: .counter,
            samples: parts.flatMap { part in
                zip(RequestFigures.labels, part.requests.requests).flatMap { profile, counts in
                    zip(RequestFigures.codes, counts).map { code, count in
                        Metric.Sample(
                            Double(count),
                            labels: [
                                part.label, Metric.Label("profile", profile),
                                Metric.Label("code", "\(code)"),
                            ]
                        )
                    }
                }
            }
        )
    }

    private static func unknownKeys(_ parts: [Part]) -> Metric {
        Metric(
            "touchpoint_http_unknown_keys_total",
            help: "Requests whose write key was missing or not known, by what became of them.",
            kind: .counter,
            samples: parts.flatMap { part in
                [
                    ("refused", part.unknownKeys.refused), ("kept", part.unknownKeys.kept),
                    ("limited", part.unknownKeys.limited),
                ].map { outcome, count in
                    Metric.Sample(
                        Double(count),
                        labels: [part.label, Metric.Label("outcome", outcome)]
                    )
                }
            }
        )
    }
}
