/// Converts microseconds since 1970 UTC, negative before, to and from text.
///
/// It reads no clock. Any thread may call it.
@usableFromInline
package enum Timestamp {
    /// Bytes of the written form `2026-11-22T10:00:00.123456Z`.
    ///
    /// Inlined into the caller's module: it is needed several times per event.
    @inlinable
    package static var byteCount: Int { 27 }

    /// Parses RFC 3339 (`2011-10-11T13:45:40.276+02:00`); also accepts a blank for the `T`, and a
    /// missing offset, which means UTC.
    ///
    /// Nil for anything else, and for times outside the years 1 to 9999 UTC.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 19, text.count <= 40, let start = text.baseAddress,
            let date = pairs(
                start,
                0,
                like: 0x2D30_302D_3030_3030,
                separators: 0x0900_0009_0000_0000
            ),
            let time = pairs(
                start,
                11,
                like: 0x3030_3A30_303A_3030,
                separators: 0x0000_0900_0009_0000
            ),
            text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: "t")
                || text[10] == UInt8(ascii: " ")
        else { return nil }
        let year = byte(date, 0) * 100 + byte(date, 2)
        let (month, day) = (byte(date, 5), pair(text, 8))
        let (hour, minute, second) = (byte(time, 0), byte(time, 3), byte(time, 6))
        guard month >= 1, month <= 12, day >= 1, day <= 28 || day <= daysIn(month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var at = 19
        let fraction = micros(text, &at)
        guard let offset = offsetSeconds(text, at) else { return nil }
        let days = days(year: year, month: month, day: day)
        let seconds = Int64(days * 86_400 + hour * 3_600 + minute * 60 + second - offset)
        guard (secondsMin...secondsMax).contains(seconds) else { return nil }
        return seconds * 1_000_000 + Int64(fraction)
    }

    /// 0001-01-01T00:00:00Z.
    private static let secondsMin: Int64 = -62_135_596_800
    static let daysMin = -719_162

    /// 9999-12-31T23:59:59Z: an offset can lead beyond it, where the year has five digits.
    private static let secondsMax: Int64 = 253_402_300_799

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Parses a string, as the other does for bytes.
    package static func parse(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    /// Returns the numbers of each two adjacent digits among eight digits and separators, one per
    /// byte; nil if they do not match the pattern, which has zeros for digits.
    ///
    /// Handles all eight bytes at once: minus the pattern, a digit is at most 9, a separator 0.
    @inline(__always)
    private static func pairs(
        _ text: UnsafeRawPointer,
        _ offset: Int,
        like pattern: UInt64,
        separators: UInt64
    ) -> UInt64? {
        let bytes = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let digits = UInt64(littleEndian: bytes) ^ pattern
        let tooLarge = digits &+ 0x7676_7676_7676_7676 &+ separators
        guard (digits | tooLarge) & 0x8080_8080_8080_8080 == 0 else { return nil }
        return digits &* 10 &+ digits >> 8
    }

    private static func byte(_ bytes: UInt64, _ at: Int) -> Int { Int(bytes >> (8 * at) & 0xFF) }

    /// Returns the number that two digits form; -1 if they are not digits.
    private static func pair(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        let (tens, ones) = (text[start] &- 48, text[start + 1] &- 48)
        return tens <= 9 && ones <= 9 ? Int(tens) * 10 + Int(ones) : -1
    }

    /// Parses the fraction at `at`, cut to microseconds, and moves `at` past it.
    private static func micros(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> Int {
        guard at + 1 < text.count, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ","),
            (48...57).contains(text[at + 1])
        else { return 0 }
        at += 1
        var value = 0
        var scale = 100_000
        while at < text.count, text[at] >= 48, text[at] <= 57 {
            value += Int(text[at] - 48) * scale
            scale /= 10
            at += 1
        }
        return value
    }

    private static func offsetSeconds(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        if at == text.count { return 0 }
        switch text[at] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            return at + 1 == text.count ? 0 : nil
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            let hasColon = text.count - at == 6 && text[at + 3] == UInt8(ascii: ":")
            guard hasColon || text.count - at == 5 else { return nil }
            let (hours, minutes) = (pair(text, at + 1), pair(text, at + (hasColon ? 4 : 3)))
            guard (0..<24).contains(hours), (0..<60).contains(minutes) else { return nil }
            let seconds = hours * 3_600 + minutes * 60
            return text[at] == UInt8(ascii: "+") ? seconds : -seconds
        default:
            return nil
        }
    }

    /// Returns the days since 1970 of a civil date in the proleptic Gregorian calendar (Howard
    /// Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Returns the civil date of a day since 1970 (same source, civil_from_days), from ``daysMin``
    /// on.
    static func civil(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Timestamp {
    /// The earliest time that can be written: 0001-01-01T00:00:00Z.
    package static let least: Int64 = -62_135_596_800_000_000

    /// Microseconds since ``least``, which begins a day: dividing them needs no negative numbers.
    private static func sinceLeast(_ micros: Int64) -> UInt64 {
        UInt64(bitPattern: max(micros, least)) &- UInt64(bitPattern: least)
    }

    /// The hour of ``least``, in hours since 1970.
    package static let firstHour = daysMin * 24

    /// Full hours since 1970, rounded down.
    package static func hour(_ micros: Int64) -> Int {
        Int(sinceLeast(micros) / 3_600_000_000) + firstHour
    }

    /// Writes the ``byteCount`` bytes of `micros` to `out`; earlier times as ``least``.
    package static func write(_ micros: Int64, to out: UnsafeMutablePointer<UInt8>) {
        let seconds = Int(sinceLeast(micros) / 1_000_000)
        let (year, month, day) = civil(day: seconds / 86_400 + daysMin)
        put(year, width: 4, to: out)
        out[4] = UInt8(ascii: "-")
        put(month, width: 2, to: out + 5)
        out[7] = UInt8(ascii: "-")
        put(day, width: 2, to: out + 8)
        out[10] = UInt8(ascii: "T")
        put(seconds / 3_600 % 24, width: 2, to: out + 11)
        out[13] = UInt8(ascii: ":")
        put(seconds / 60 % 60, width: 2, to: out + 14)
        out[16] = UInt8(ascii: ":")
        put(seconds % 60, width: 2, to: out + 17)
        out[19] = UInt8(ascii: ".")
        writeFraction(micros, to: out)
        out[26] = UInt8(ascii: "Z")
    }

    /// Writes only the six digits of the fraction into a form written before.
    package static func writeFraction(_ micros: Int64, to out: UnsafeMutablePointer<UInt8>) {
        put(Int(sinceLeast(micros) % 1_000_000), width: 6, to: out + 20)
    }

    private static func put(_ value: Int, width: Int, to out: UnsafeMutablePointer<UInt8>) {
        var rest = value
        for at in stride(from: width - 1, through: 0, by: -1) {
            out[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
    }

    /// Formats a time as `2026-11-22T10:00:00.123456Z`.
    package static func text(_ micros: Int64) -> String {
        String(unsafeUninitializedCapacity: byteCount) { buffer in
            guard let out = buffer.baseAddress else { return 0 }
            write(micros, to: out)
            return byteCount
        }
    }

    /// Formats with milliseconds, as logs do: `2026-11-22T10:00:00.123Z`.
    package static func milliseconds(_ micros: Int64) -> String {
        text(micros).prefix(23) + "Z"
    }

    /// Formats the day as `2026-11-22`.
    package static func date(_ micros: Int64) -> String {
        String(text(micros).prefix(10))
    }

    /// Formats a time for file names: `20261122T100000.123Z`.
    package static func compact(_ micros: Int64) -> String {
        let text = text(micros).utf8
        let kept = text.prefix(23).filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
        return String(decoding: kept, as: UTF8.self) + "Z"
    }
}
