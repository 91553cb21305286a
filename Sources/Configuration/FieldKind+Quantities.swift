extension FieldKind where Value == Int {
    /// A whole number within `range`.
    static func count(_ range: ClosedRange<Int>, example: Int) -> FieldKind {
        .scalar(
            expected: "a whole number such as \(example)",
            parse: { (text) throws(Complaint) in
                guard let magnitude = wholeNumber(text) else { return nil }
                guard let value = magnitude, range.contains(value) else {
                    throw Complaint("\(text) is outside \(range.lowerBound)...\(range.upperBound)")
                }
                return value
            },
            print: { "\($0)" }
        )
    }

    /// Bytes: a whole number, alone or with `KiB`, `MiB`, `GiB`.
    static func size(_ range: ClosedRange<Int>, example: String) -> FieldKind {
        .scalar(
            expected: "a size such as \(example) (KiB, MiB, GiB, or plain bytes)",
            parse: { (text) throws(Complaint) in
                guard let (number, unit) = split(text),
                    let factor = unit.isEmpty ? 1 : Size.unit(named: unit)
                else { return nil }
                let value = number.flatMap { times($0, factor) }
                guard let value, range.contains(value) else {
                    let limits = "\(Size.text(range.lowerBound))...\(Size.text(range.upperBound))"
                    throw Complaint("\(text) is outside \(limits)")
                }
                return value
            },
            print: Size.text
        )
    }
}

extension FieldKind where Value == Duration {
    /// A whole number with `ms`, `s`, `m`, `h` or `d`.
    static func duration(_ range: ClosedRange<Duration>, example: String) -> FieldKind {
        .scalar(
            expected: "a duration such as \(example) (ms, s, m, h, d)",
            parse: { (text) throws(Complaint) in
                guard let (number, unit) = split(text), let factor = Span.unit(named: unit)
                else { return nil }
                let value = number.flatMap { times($0, factor) }.map(Duration.milliseconds)
                guard let value, range.contains(value) else {
                    let limits = "\(Span.text(range.lowerBound))...\(Span.text(range.upperBound))"
                    throw Complaint("\(text) is outside \(limits)")
                }
                return value
            },
            print: Span.text
        )
    }
}

extension FieldKind where Value == Settings.Writers {
    /// `auto`, or a number.
    static var writers: FieldKind {
        .scalar(
            expected: "auto or a whole number such as 2",
            parse: { (text) throws(Complaint) in
                if text == "auto" { return .auto }
                guard let magnitude = wholeNumber(text) else { return nil }
                guard let count = magnitude, (1...255).contains(count) else {
                    throw Complaint("\(text) is outside 1...255")
                }
                return .count(count)
            },
            print: { writers in
                switch writers {
                case .auto: "auto"
                case .count(let count): "\(count)"
                }
            }
        )
    }
}

extension FieldKind where Value == UInt32 {
    /// Permission bits as octal digits.
    static var mode: FieldKind {
        .scalar(
            expected: "permission bits in octal such as \"0660\"",
            parse: { (text) throws(Complaint) in
                guard (1...4).contains(text.utf8.count),
                    text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
                    let mode = UInt32(text, radix: 8)
                else { return nil }
                guard mode <= 0o777 else {
                    throw Complaint("\(text) is outside 0000...0777")
                }
                return mode
            },
            print: { mode in
                let digits = String(mode, radix: 8)
                return "\"" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                    + "\""
            }
        )
    }
}

/// Byte counts in the form of the configuration.
enum Size {
    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    static func unit(named name: Substring) -> Int? {
        units.first { $0.0 == name }?.1
    }

    /// The shortest exact form.
    static func text(_ bytes: Int) -> String {
        for (name, factor) in units where bytes != 0 && bytes.isMultiple(of: factor) {
            return "\(bytes / factor)\(name)"
        }
        return "\(bytes)"
    }
}

/// Durations in the form of the configuration: whole milliseconds.
enum Span {
    private static let units = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    static func unit(named name: Substring) -> Int? {
        units.first { $0.0 == name }?.1
    }

    /// The shortest exact form, a single day as `24h`; fractions of a millisecond are cut.
    static func text(_ duration: Duration) -> String {
        let parts = duration.components
        let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        for (name, factor) in units
        where milliseconds != 0 && milliseconds.isMultiple(of: Int64(factor))
            && (name != "d" || milliseconds > factor)
        {
            return "\(milliseconds / Int64(factor))\(name)"
        }
        return "0s"
    }
}

/// Nil: not only digits.
///
/// `.some(nil)`: digits, but too large for an Int.
private func wholeNumber(_ text: some StringProtocol) -> Int?? {
    let digits = text.hasPrefix("-") ? String(text.dropFirst()) : String(text)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
    }
    return .some(Int(text))
}

/// Returns the digits and the text after them, blanks between allowed; nil without digits.
private func split(_ text: String) -> (number: Int?, unit: Substring)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = wholeNumber(digits) else { return nil }
    return (number, text[digits.endIndex...].drop { $0 == " " })
}

private func times(_ number: Int, _ factor: Int) -> Int? {
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
}
