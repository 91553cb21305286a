import Foundation

/// Figures as people read them.
///
/// Pure functions, safe from any thread, the same in every locale.
package enum HumanText {
    /// A count with thousands separated: `1,234,567`.
    package static func grouped(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        var text = count < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A count in at most six characters: `999`, `12.3k`, `4.56M`; decimal steps of a thousand.
    package static func count(_ count: Double) -> String {
        guard count.isFinite else { return "-" }
        let scaled = scale(count, by: 1000, names: ["", "k", "M", "G", "T", "P", "E"])
        if scaled.name.isEmpty, scaled.value == scaled.value.rounded() {
            return String(format: "%.0f", scaled.value)
        }
        return significant(scaled.value) + scaled.name
    }

    /// A number of bytes in binary units: `512 B`, `1.50 KiB`, `64.0 MiB`.
    package static func bytes(_ bytes: Double) -> String {
        guard bytes.isFinite else { return "-" }
        let scaled = scale(bytes, by: 1024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
        if scaled.name == "B" { return String(format: "%.0f B", scaled.value) }
        return significant(scaled.value) + " " + scaled.name
    }

    /// A count or an amount of bytes as a speed: `12.3k/s`.
    package static func countRate(perSecond: Double) -> String { count(perSecond) + "/s" }

    /// Bytes as a speed: `1.50 MiB/s`.
    package static func byteRate(perSecond: Double) -> String { bytes(perSecond) + "/s" }

    /// A span of time in the two units that matter: `830 µs`, `1.25 s`, `2m 05s`, `3h 07m`, `4d
    /// 02h`.
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        guard seconds >= 0 else { return "-" + duration(seconds: -seconds) }
        switch seconds {
        case 0: return "0 s"
        case ..<0.000_999_5: return String(format: "%.0f µs", seconds * 1_000_000)
        case ..<0.999_5: return significant(seconds * 1000) + " ms"
        case ..<9.995: return String(format: "%.2f s", seconds)
        case ..<59.95: return String(format: "%.1f s", seconds)
        case ..<1e15: return longDuration(seconds: Int(seconds.rounded()))
        default: return "-"
        }
    }

    /// `seconds` of a minute or more, in its largest unit and the next smaller one.
    private static func longDuration(seconds: Int) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        if days > 0 { return String(format: "%dd %02dh", days, hours % 24) }
        if hours > 0 { return String(format: "%dh %02dm", hours, minutes % 60) }
        return String(format: "%dm %02ds", minutes, seconds % 60)
    }

    /// A part of a whole in percent without decimals from ten on: `0.4`, `12`; `-` of nothing.
    package static func percent(_ part: Double, of whole: Double) -> String {
        guard whole > 0, part.isFinite else { return "-" }
        let percent = part / whole * 100
        return String(format: percent < 9.95 ? "%.1f" : "%.0f", percent)
    }

    /// Divides by `step` until what remains, as it will be printed, is below it.
    private static func scale(
        _ value: Double,
        by step: Double,
        names: [String]
    ) -> (value: Double, name: String) {
        var rest = value
        var index = 0
        while abs(rest) >= step - 0.5, index + 1 < names.count {
            rest /= step
            index += 1
        }
        return (rest, names[index])
    }

    /// Three digits that matter: `1.25`, `12.5`, `125`.
    private static func significant(_ value: Double) -> String {
        let size = abs(value)
        if size < 9.995 { return String(format: "%.2f", value) }
        if size < 99.95 { return String(format: "%.1f", value) }
        return String(format: "%.0f", value)
    }
}
