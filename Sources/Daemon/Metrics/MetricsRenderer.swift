/// Prometheus' text exposition format, version 0.0.4.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/
///
/// A metric is `# HELP name text`, `# TYPE name kind`, and one line `name{label="value"} number`
/// per sample; every line ends in a line feed. In help texts `\` and line feed are escaped, in
/// label values `"` as well.
package enum MetricsRenderer {
    /// The value of the `Content-Type` header.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Renders all of `metrics`, in their order.
    ///
    /// Pure; any thread may call.
    package static func text(_ metrics: [Metric]) -> String {
        var text = ""
        for metric in metrics {
            text += "# HELP \(metric.name) \(escaped(metric.help, quotes: false))\n"
            text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                text += metric.name + sample.suffix + labels(sample.labels)
                text += " \(number(sample.value))\n"
            }
        }
        return text
    }

    /// Formats whole numbers without a fraction, and infinities and NaN by the format's names.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Up to 2^53 every whole number is exact; beyond it the shortest form is as precise.
        if value == value.rounded(), value.magnitude <= 9_007_199_254_740_992 {
            return "\(Int64(value))"
        }
        return "\(value)"
    }

    private static func labels(_ labels: [Metric.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
