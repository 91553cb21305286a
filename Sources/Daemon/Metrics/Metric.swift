/// One metric family in the sense of Prometheus; a scrape of `MetricsServer` returns several.
package struct Metric: Sendable, Equatable {
    /// How Prometheus interprets the samples.
    package enum Kind: String, Sendable {
        /// Only grows, and starts at zero with the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Quantiles, with a sum and a count.
        case summary
        /// Counts of values up to each bound, with a sum and a count.
        case histogram
    }

    /// One label of a sample.
    package struct Label: Sendable, Equatable {
        /// `[a-zA-Z_][a-zA-Z0-9_]*`.
        package let name: String
        /// Anything; the renderer escapes it.
        package let value: String

        /// A label; `name` is checked by the metric it goes into.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One number, with its labels.
    package struct Sample: Sendable, Equatable {
        /// Appended to the metric's name: `_sum`, `_count`, `_bucket`, or nothing.
        package let suffix: String
        /// In the order in which they are printed.
        package let labels: [Label]
        /// In base units: bytes, seconds, events.
        package let value: Double

        /// A sample under the metric's name, or the name with `suffix`.
        package init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, ending in its unit, and in `_total` for a counter.
    package let name: String
    /// One sentence.
    package let help: String
    /// How Prometheus interprets the samples.
    package let kind: Kind
    /// Their order is kept; label sets differ.
    package let samples: [Sample]

    /// A metric from samples.
    ///
    /// Names are constants of the daemon, so a wrong one is a programmer's error.
    package init(_ name: String, help: String, kind: Kind, samples: [Sample]) {
        precondition(Metric.isName(name, colons: true), "'\(name)' is no metric name")
        for label in samples.lazy.flatMap(\.labels) {
            precondition(Metric.isName(label.name, colons: false), "'\(label.name)' is no label")
        }
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A metric with one number and no labels.
    package init(_ name: String, help: String, kind: Kind, value: Double) {
        self.init(name, help: help, kind: kind, samples: [Sample(value)])
    }

    /// A summary: `quantiles` from 0…1 to values in seconds or bytes, a sum and a count.
    package init(
        summary name: String,
        help: String,
        quantiles: [(quantile: Double, value: Double)],
        sum: Double,
        count: Double
    ) {
        let samples = quantiles.map { entry in
            Sample(entry.value, labels: [Label("quantile", MetricsRenderer.number(entry.quantile))])
        }
        self.init(
            name,
            help: help,
            kind: .summary,
            samples: samples + [Sample(sum, suffix: "_sum"), Sample(count, suffix: "_count")]
        )
    }

    /// A histogram: `counts` of the values per bucket, with the upper bounds `ends` in rising
    /// order; the last count, without a bound, is of all larger values.
    package init(
        histogram name: String,
        help: String,
        ends: [Double],
        counts: [Int],
        sum: Double
    ) {
        self.init(histograms: name, help: help, ends: ends, [([], counts, sum)])
    }

    /// The same with a histogram for each set of labels.
    init(
        histograms name: String,
        help: String,
        ends: [Double],
        _ parts: [(labels: [Label], counts: [Int], sum: Double)]
    ) {
        var samples: [Sample] = []
        for (labels, counts, sum) in parts {
            precondition(counts.count == ends.count + 1, "'\(name)' has \(counts.count) counts")
            var total = 0
            for (end, count) in zip(ends + [.infinity], counts) {
                total += count
                let label = Label("le", MetricsRenderer.number(end))
                samples.append(Sample(Double(total), labels: labels + [label], suffix: "_bucket"))
            }
            samples.append(Sample(sum, labels: labels, suffix: "_sum"))
            samples.append(Sample(Double(total), labels: labels, suffix: "_count"))
        }
        self.init(name, help: help, kind: .histogram, samples: samples)
    }

    /// A metric whose only number grows with the process.
    static func counter(_ name: String, help: String, value: Int) -> Metric {
        Metric(name, help: help, kind: .counter, value: Double(value))
    }

    /// A metric with one number that goes up and down.
    static func gauge(_ name: String, help: String, value: Int) -> Metric {
        Metric(name, help: help, kind: .gauge, value: Double(value))
    }

    /// One sample per possible value, 1 for the present one and 0 for the others: a series that
    /// always exists can be compared with its past.
    static func oneOf<Value: Equatable>(
        _ values: [Value],
        is current: Value,
        label: (Value) -> [Label]
    ) -> [Sample] {
        values.map { Sample($0 == current ? 1 : 0, labels: label($0)) }
    }

    private static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            case 0x3A: colons
            default: false
            }
        }
    }
}
