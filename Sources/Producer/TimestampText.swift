import Platform

/// Formats UTC times as `2026-11-22T10:00:00.123`, without `Z`; renders the date once a second.
struct TimestampText {
    private var second = Int64.min
    private var text: [UInt8] = []

    /// Appends the time `nanoseconds` after 1970.
    mutating func append(_ nanoseconds: Int64, to payload: inout [UInt8]) {
        let now = nanoseconds / 1_000_000_000
        if now != second { render(now) }
        payload.append(contentsOf: text)
        let milliseconds = Int(nanoseconds / 1_000_000 % 1000)
        payload.append(UInt8(0x30 + milliseconds / 100))
        payload.append(UInt8(0x30 + milliseconds / 10 % 10))
        payload.append(UInt8(0x30 + milliseconds % 10))
    }

    private mutating func render(_ now: Int64) {
        second = now
        text.removeAll(keepingCapacity: true)
        // Up to the point before the fraction.
        text.append(contentsOf: Timestamp.text(now * 1_000_000).utf8.prefix(20))
    }
}

extension [UInt8] {
    /// Appends a non-negative number in decimal digits.
    mutating func appendDecimal(_ number: Int) {
        var scale = 1
        while number / scale >= 10 { scale *= 10 }
        while scale > 0 {
            append(UInt8(truncatingIfNeeded: 0x30 + number / scale % 10))
            scale /= 10
        }
    }

    /// Appends eight hex digits.
    mutating func appendHex(_ number: UInt32) {
        for shift in stride(from: 28, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: (number >> UInt32(shift)) & 0xf)
            append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    /// Appends constant text.
    mutating func appendLiteral(_ text: StaticString) {
        append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }
}
