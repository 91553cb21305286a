import Control

/// The metrics by producer, of a bounded number of them.
enum ProducerMetrics {
    /// Producers with series of their own; later ones of a source are summed as ``others``.
    static let countMax = 200
    static let others = "__other__"

    /// - `producers`: in the order of their numbers, so that a series stays that of its producer.
    static func all(_ producers: [ProducerStats]) -> [Metric] {
        var parts: [(part: ProducerStats, labels: [Metric.Label])] = []
        var rest: [String: ProducerStats] = [:]
        for producer in producers {
            guard producer.kind != "others", parts.count < countMax else {
                rest[
                    producer.source,
                    default: ProducerStats(source: producer.source, kind: "others")
                ]
                .add(producer)
                continue
            }
            parts.append((producer, labels(producer.source, producer.name)))
        }
        for (source, sum) in rest.sorted(by: { $0.key < $1.key }) {
            parts.append((sum, labels(source, others)))
        }
        return Metric.all(ProducerStats.figures, of: parts)
    }

    private static func labels(_ source: String, _ name: String) -> [Metric.Label] {
        [Metric.Label("source", source), Metric.Label("producer", name)]
    }
}
