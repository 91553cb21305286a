import Platform

/// Times as numbers since 1970 UTC.
enum UnixTime {
    enum Unit: Sendable {
        /// Seconds, milliseconds or microseconds, by the number's size.
        case any
        case seconds, milliseconds, microseconds, nanoseconds

        /// Digits that a second has behind it.
        fileprivate var places: Int {
            switch self {
            case .any, .seconds: 0
            case .milliseconds: 3
            case .microseconds: 6
            case .nanoseconds: 9
            }
        }
    }

    /// Larger numbers are milliseconds: as seconds they would be after the year 5000.
    private static let secondsMax: Int64 = 100_000_000_000
    /// Larger numbers are microseconds.
    private static let millisecondsMax: Int64 = 100_000_000_000_000
    private static let digitsMax = 19
    /// 9999-12-31T23:59:59.999999Z.
    private static let last: Int64 = 253_402_300_799_999_999

    /// Microseconds since 1970 of a number, perhaps with a fraction; nil for any other text, and after
    /// the year 9999.
    static func parse(_ text: UnsafeRawBufferPointer, _ unit: Unit = .any) -> Int64? {
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        guard (1...digitsMax).contains(point), let whole = number(text[..<point]) else {
            return nil
        }
        let digits = text[point...].dropFirst()
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let unit = unit == .any ? self.unit(of: whole) : unit
        if unit == .nanoseconds { return bounded(whole / 1_000) }
        let places = 6 - unit.places
        var (factor, fraction): (Int64, Int64) = (1, number(digits.prefix(places)) ?? 0)
        for _ in 0..<places { factor *= 10 }
        for _ in digits.prefix(places).count..<places { fraction *= 10 }
        let (micros, overflow) = whole.multipliedReportingOverflow(by: factor)
        return overflow || micros > last ? nil : bounded(micros + fraction)
    }

    private static func unit(of number: Int64) -> Unit {
        if number < secondsMax { return .seconds }
        return number < millisecondsMax ? .milliseconds : .microseconds
    }

    private static func bounded(_ micros: Int64) -> Int64? { micros <= last ? micros : nil }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard !digits.isEmpty, digits.count <= digitsMax,
            digits.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        var result: Int64 = 0
        for digit in digits {
            let (tens, isTooLarge) = result.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = tens.addingReportingOverflow(Int64(digit - 48))
            if isTooLarge || isLarger { return nil }
            result = sum
        }
        return result
    }
}

/// Times as senders write them.
enum TimeText {
    /// Microseconds since 1970 UTC: RFC 3339, a number, RFC 5322 (`Mon, 17 Jul 2023 11:11:22 -0700`), or
    /// ISO 8601 that lacks seconds, a time, or an offset, which is then UTC.
    ///
    /// With a unit, only a number is a time.
    static func parse(_ text: UnsafeRawBufferPointer, _ unit: UnixTime.Unit) -> Int64? {
        if unit != .any { return UnixTime.parse(text, unit) }
        if let time = Timestamp.parse(text) ?? UnixTime.parse(text) { return time }
        var scanner = TimeScanner(rest: text[...])
        return scanner.time()
    }
}

/// Reads other spellings of a time.
private struct TimeScanner {
    var rest: Slice<UnsafeRawBufferPointer>

    private struct Fields {
        var (year, month, day, hour, minute, second) = (0, 0, 0, 0, 0, 0)
        /// Microseconds of the second.
        var micros: Int64 = 0
        /// Minutes east of UTC.
        var offset = 0
    }

    mutating func time() -> Int64? {
        var fields = Fields()
        guard rest.count <= 64, let first = rest.first else { return nil }
        if (48...57).contains(first), rest.count >= 10,
            rest[rest.startIndex + 4] == UInt8(ascii: "-")
        {
            guard readISODate(&fields) else { return nil }
        } else {
            guard readMailDate(&fields) else { return nil }
        }
        skipBlanks()
        guard rest.isEmpty || readZone(&fields) else { return nil }
        skipBlanks()
        return rest.isEmpty ? micros(fields) : nil
    }

    private mutating func readISODate(_ fields: inout Fields) -> Bool {
        guard let year = number(4), take("-"), let month = number(2), take("-"),
            let day = number(2)
        else { return false }
        (fields.year, fields.month, fields.day) = (year, month, day)
        guard take("T") || take(" ") else { return rest.isEmpty }
        return readClock(&fields)
    }

    /// `[Mon, ]17 Jul 2023 11:11:22`.
    private mutating func readMailDate(_ fields: inout Fields) -> Bool {
        if let comma = rest.firstIndex(of: UInt8(ascii: ",")) {
            rest = rest[(comma + 1)...]
            skipBlanks()
        }
        guard let day = number(2) ?? number(1), take(" "), let month = month(), take(" "),
            let year = number(4), take(" ")
        else { return false }
        (fields.year, fields.month, fields.day) = (year, month, day)
        return readClock(&fields)
    }

    private mutating func readClock(_ fields: inout Fields) -> Bool {
        guard let hour = number(2), take(":"), let minute = number(2) else { return false }
        (fields.hour, fields.minute) = (hour, minute)
        guard take(":") else { return true }
        guard let second = number(2) else { return false }
        fields.second = second
        guard take(".") || take(",") else { return true }
        var scale: Int64 = 100_000
        guard let digit = rest.first, (48...57).contains(digit) else { return false }
        while let digit = rest.first, (48...57).contains(digit) {
            fields.micros += Int64(digit - 48) * scale
            scale /= 10
            rest = rest.dropFirst()
        }
        return true
    }

    private mutating func readZone(_ fields: inout Fields) -> Bool {
        for name in ["Z", "UTC", "GMT", "UT"] as [StaticString] where take(name) { return true }
        let isWest = rest.first == UInt8(ascii: "-")
        guard take("+") || take("-"), let hours = number(2) else { return false }
        _ = take(":")
        guard let minutes = rest.isEmpty ? 0 : number(2), hours < 24, minutes < 60 else {
            return false
        }
        fields.offset = (hours * 60 + minutes) * (isWest ? -1 : 1)
        // A name in brackets is a comment.
        if take(" ("), rest.last == UInt8(ascii: ")") { rest = rest.suffix(0) }
        return true
    }

    /// The time as RFC 3339, which is then read: so one place knows calendars.
    private func micros(_ fields: Fields) -> Int64? {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { text in
            let (east, sign) = (abs(fields.offset), fields.offset < 0 ? "-" : "+" as Unicode.Scalar)
            var writer = DigitWriter(text)
            writer.put(fields.year, 4, behind: nil)
            writer.put(fields.month, 2, behind: "-")
            writer.put(fields.day, 2, behind: "-")
            writer.put(fields.hour, 2, behind: "T")
            writer.put(fields.minute, 2, behind: ":")
            writer.put(fields.second, 2, behind: ":")
            writer.put(Int(fields.micros), 6, behind: ".")
            writer.put(east / 60, 2, behind: sign)
            writer.put(east % 60, 2, behind: ":")
            return Timestamp.parse(UnsafeRawBufferPointer(rebasing: text[..<writer.count]))
        }
    }

    /// Writes numbers of a fixed width.
    private struct DigitWriter {
        private let text: UnsafeMutableRawBufferPointer
        private(set) var count = 0

        init(_ text: UnsafeMutableRawBufferPointer) { self.text = text }

        mutating func put(_ number: Int, _ width: Int, behind mark: Unicode.Scalar?) {
            if let mark {
                text[count] = UInt8(ascii: mark)
                count += 1
            }
            var rest = number
            for at in (count..<(count + width)).reversed() {
                text[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            }
            count += width
        }
    }

    private mutating func skipBlanks() {
        while rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard rest.starts(with: bytes) else { return false }
        rest = rest.dropFirst(bytes.count)
        return true
    }

    /// Takes exactly so many digits.
    private mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private mutating func month() -> Int? {
        for (at, name) in Self.months.enumerated() where take(name) { return at + 1 }
        return nil
    }
}
