import Glibc

/// Formats figures for people.
///
/// Pure functions, safe from any thread, the same in every locale.
package enum HumanText {
    /// Formats a number with `places` digits after the point: `0.50`, `12`.
    ///
    /// Uses C's printf, which rounds the exact value; 99 digits at most.
    package static func fixed(_ value: Double, places: Int) -> String {
        let places = min(max(places, 0), 99)
        // The largest number has 309 digits before the point.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            let length = withVaList([CInt(places), value]) {
                vsnprintf(text.baseAddress, text.count, "%.*f", $0)
            }
            return String(decoding: UnsafeRawBufferPointer(text).prefix(Int(length)), as: UTF8.self)
        }
    }

    /// Formats a count with thousands separators: `1,234,567`.
    package static func grouped(_ count: Int) -> String {
        let digits = Array(String(count.magnitude))
        var text = count < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Formats a count in at most six characters, in steps of a thousand: `999`, `12.3k`, `4.56M`.
    package static func count(_ count: Double) -> String {
        guard count.isFinite else { return "-" }
        let scaled = scale(count, by: 1000, names: ["", "k", "M", "G", "T", "P", "E"])
        if scaled.name.isEmpty, scaled.value == scaled.value.rounded() {
            return fixed(scaled.value, places: 0)
        }
        return significant(scaled.value) + scaled.name
    }

    /// Formats a number of bytes in binary units: `512 B`, `1.50 KiB`, `64.0 MiB`.
    package static func bytes(_ bytes: Double) -> String {
        guard bytes.isFinite else { return "-" }
        let scaled = scale(bytes, by: 1024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
        if scaled.name == "B" { return fixed(scaled.value, places: 0) + " B" }
        return significant(scaled.value) + " " + scaled.name
    }

    /// Formats a count per second: `12.3k/s`.
    package static func countRate(perSecond: Double) -> String { count(perSecond) + "/s" }

    /// Formats bytes per second: `1.50 MiB/s`.
    package static func byteRate(perSecond: Double) -> String { bytes(perSecond) + "/s" }

    /// Formats a duration in at most two units: `830 µs`, `1.25 s`, `2m 05s`, `3h 07m`, `4d 02h`.
    package static func duration(seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        guard seconds >= 0 else { return "-" + duration(seconds: -seconds) }
        switch seconds {
        case 0: return "0 s"
        case ..<0.000_999_5: return fixed(seconds * 1_000_000, places: 0) + " µs"
        case ..<0.999_5: return significant(seconds * 1000) + " ms"
        case ..<9.995: return fixed(seconds, places: 2) + " s"
        case ..<59.95: return fixed(seconds, places: 1) + " s"
        case ..<1e15: return longDuration(seconds: Int(seconds.rounded()))
        default: return "-"
        }
    }

    /// Formats `seconds`, a minute or more, in its largest unit and the next smaller one.
    private static func longDuration(seconds: Int) -> String {
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        if days > 0 { return "\(days)d \(twoDigits(hours % 24))h" }
        if hours > 0 { return "\(hours)h \(twoDigits(minutes % 60))m" }
        return "\(minutes)m \(twoDigits(seconds % 60))s"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// Formats a share in percent, with one decimal below ten: `0.4`, `12`; `-` if `whole` is 0.
    package static func percent(_ part: Double, of whole: Double) -> String {
        guard whole > 0, part.isFinite else { return "-" }
        let percent = part / whole * 100
        return fixed(percent, places: percent < 9.95 ? 1 : 0)
    }

    /// Divides by `step` until the result, as printed, is below it.
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

    /// Formats three significant digits: `1.25`, `12.5`, `125`.
    private static func significant(_ value: Double) -> String {
        let size = abs(value)
        if size < 9.995 { return fixed(value, places: 2) }
        if size < 99.95 { return fixed(value, places: 1) }
        return fixed(value, places: 0)
    }
}
