/// Times as the control socket writes them: ISO-8601, UTC, microseconds: `2026-11-22T10:00:00.123456Z`.
///
/// Pure, without locale or time zone. The calendar follows Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", proleptic Gregorian.
package enum TimestampText {
    /// The text for `nanoseconds` since 1970 (the range of Int64 is the years 1677 to 2262).
    package static func text(nanoseconds: Int64) -> String {
        let microseconds = floorDivide(nanoseconds, 1000)
        let seconds = floorDivide(microseconds, 1_000_000)
        let days = floorDivide(seconds, 86400)
        let (year, month, day) = civil(days: days)
        let second = seconds - days * 86400
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time =
            "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        return "\(date)T\(time).\(padded(microseconds - seconds * 1_000_000, 6))Z"
    }

    /// Reads exactly what `text` writes; nil for anything else.
    package static func nanoseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let shape = Array("0000-00-00T00:00:00.000000Z".utf8)
        guard bytes.count == shape.count else { return nil }
        for (byte, expected) in zip(bytes, shape) {
            let isDigit = byte >= 48 && byte <= 57
            guard expected == 48 ? isDigit : byte == expected else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        let (month, day) = (number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        let seconds =
            days(year: number(0..<4), month: month, day: day) * 86400
            + hour * 3600 + minute * 60 + second
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflows) = whole.addingReportingOverflow(number(20..<26) * 1000)
        return isTooLarge || overflows ? nil : sum
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }
}
