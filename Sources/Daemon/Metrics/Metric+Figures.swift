import Control

extension Metric {
    /// One metric per figure that has a metric name, with one sample for each of `parts`.
    static func all<Part>(
        _ figures: [Figure<Part>],
        of parts: [(part: Part, labels: [Label])]
    ) -> [Metric] {
        figures.compactMap { figure in
            figure.metric.map { name in
                Metric(
                    name,
                    help: figure.help,
                    kind: figure.isCounter ? .counter : .gauge,
                    samples: parts.map {
                        Sample(Double($0.part[keyPath: figure.path]), labels: $0.labels)
                    }
                )
            }
        }
    }

    /// The same for a part that exists once.
    static func all<Part>(_ figures: [Figure<Part>], of part: Part) -> [Metric] {
        all(figures, of: [(part, [])])
    }
}
