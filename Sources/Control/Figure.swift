/// A number of an answer, with its names in all outputs.
///
/// The figures of a part of an answer are a table beside its properties, such as
/// `SourceStats.figures`. Metrics and the columns of `stats` are made from these tables, and tests
/// compare the JSON with them.
package struct Figure<Part>: Sendable {
    /// The key in JSON.
    package let name: String
    package let path: any WritableKeyPath<Part, Int> & Sendable
    /// The metric's full name, with unit and `_total` as in Prometheus; nil if the metric is made
    /// elsewhere, or there is none.
    package let metric: String?
    /// One sentence about the metric.
    package let help: String
    /// The heading in the text of `stats`; nil if it has no column.
    package let column: String?

    package init(
        _ name: String,
        _ path: any WritableKeyPath<Part, Int> & Sendable,
        metric: String? = nil,
        help: String = "",
        column: String? = nil
    ) {
        self.name = name
        self.path = path
        self.metric = metric
        self.help = help
        self.column = column
    }

    /// Whether it only grows, and starts at zero with the process.
    package var isCounter: Bool { metric?.hasSuffix("_total") == true }

    /// Whether it counts bytes.
    package var isBytes: Bool { metric?.contains("_bytes") == true }
}
