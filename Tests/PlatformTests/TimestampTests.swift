import Foundation
import Platform
import TestSupport
import Testing

@Suite struct TimestampTests {
    private func parse(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { Timestamp.parse(UnsafeRawBufferPointer($0)) }
    }

    private var utc: Calendar {
        get throws {
            var calendar = Calendar(identifier: .iso8601)
            calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
            return calendar
        }
    }

    @Test func writesWhatTheSystemReads() throws {
        let seed = UInt64.random(in: 1 ... .max)
        print("timestamps: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let micros = Int64.random(
                in: Timestamp.least...253_402_300_799_999_999,
                using: &generator
            )
            let text = Timestamp.text(micros)
            let fraction = (micros % 1_000_000 + 1_000_000) % 1_000_000
            let seconds = (micros - fraction) / 1_000_000
            // Not with Foundation, whose calendar is Julian before 1582.
            var moment = time_t(seconds)
            var parts = tm()
            gmtime_r(&moment, &parts)
            let expected = String(
                format: "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                Int(parts.tm_year) + 1_900,
                Int(parts.tm_mon) + 1,
                Int(parts.tm_mday),
                Int(parts.tm_hour),
                Int(parts.tm_min),
                Int(parts.tm_sec),
                Int(fraction)
            )
            #expect(text == expected, "seed \(seed)")
            #expect(parse(text) == micros, "seed \(seed): \(text)")
            let hour = Int((Double(seconds) / 3_600).rounded(.down))
            #expect(Timestamp.hour(micros) == hour, "seed \(seed): \(text)")
        }
    }

    @Test func readsOffsetsAsFoundationDoes() throws {
        let seed = UInt64.random(in: 1 ... .max)
        print("offsets: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let seconds = Int64.random(in: 200_000...4_000_000_000, using: &generator)
            let minutes = Int.random(in: -1_439...1_439, using: &generator)
            let local = Timestamp.text((seconds + Int64(minutes * 60)) * 1_000_000).prefix(19)
            let sign = minutes < 0 ? "-" : "+"
            let size = abs(minutes)
            let colon = String(format: "%@%02d:%02d", sign, size / 60, size % 60)
            #expect(parse("\(local)\(colon)") == seconds * 1_000_000, "seed \(seed)")
            #expect(parse("\(local).25\(colon)") == seconds * 1_000_000 + 250_000)
            let plain = colon.replacingOccurrences(of: ":", with: "")
            #expect(parse("\(local)\(plain)") == seconds * 1_000_000)
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01 00:00:01", 1_000_000),
        ("1970-01-01t00:00:00.5z", 500_000), ("1970-01-01T00:00:00,123456789Z", 123_456),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("2000-02-29T12:00:00Z", 951_825_600_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1969-12-31T23:59:59Z", -1_000_000), ("1969-12-31T23:59:59.999999Z", -1),
        ("1970-01-01T00:00:00+01:00", -3_600_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("0000-12-31T23:00:00-01:00", -62_135_596_800_000_000),
        ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
    ])
    func readsTheFormsOfRFC3339(text: String, micros: Int64) {
        #expect(parse(text) == micros)
    }

    @Test(arguments: [
        "", "2026", "2026-11-22", "2026-11-22T10:00", "2026-11-22T10:00:0", "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z", "2026-11-22T10:00:61Z", "2026-13-22T10:00:00Z",
        "2026-00-22T10:00:00Z",
        "2026-11-00T10:00:00Z", "2026-11-31T10:00:00Z", "2023-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z",
        "2100-02-29T10:00:00Z", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.",
        "2026-11-22T10:00:00ZZ",
        "2026-11-22T10:00:00+1", "2026-11-22T10:00:00+1:00", "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00+10:60", "2026/11/22T10:00:00Z", "2026-11-22X10:00:00Z",
        "0000-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "２０２６-11-22T10:00:00Z", "2026-11-22T10:00:00.1234567890123456789012345Z",
        "-026-11-22T10:00:00Z",
    ])
    func readsNothingElse(text: String) {
        #expect(parse(text) == nil)
    }

    /// Every byte in every place of the fixed part.
    @Test func takesOnlyDigitsAndSeparatorsInTheirPlaces() throws {
        for at in 0..<19 {
            for byte in UInt8.min ... .max {
                var bytes = Array("2026-11-22T10:00:00Z".utf8)
                bytes[at] = byte
                let isRight = bytes.indices.prefix(19).allSatisfy { place in
                    switch place {
                    case 4, 7: bytes[place] == UInt8(ascii: "-")
                    case 10: "Tt ".utf8.contains(bytes[place])
                    case 13, 16: bytes[place] == UInt8(ascii: ":")
                    default: (48...57).contains(bytes[place])
                    }
                }
                var expected: Int64?
                if isRight {
                    let text = String(decoding: bytes, as: UTF8.self)
                    let field = { (start: Int, count: Int) in
                        Int(text.dropFirst(start).prefix(count)) ?? -1
                    }
                    let isLeap = field(17, 2) == 60
                    let parts = DateComponents(
                        year: field(0, 4),
                        month: field(5, 2),
                        day: field(8, 2),
                        hour: field(11, 2),
                        minute: field(14, 2),
                        second: field(17, 2) - (isLeap ? 1 : 0)
                    )
                    let calendar = try utc
                    // timegm would treat the 32nd of a month as the first of the next.
                    if parts.isValidDate(in: calendar) {
                        var local = tm()
                        local.tm_year = Int32(field(0, 4) - 1_900)
                        local.tm_mon = Int32(field(5, 2) - 1)
                        local.tm_mday = Int32(field(8, 2))
                        local.tm_hour = Int32(field(11, 2))
                        local.tm_min = Int32(field(14, 2))
                        local.tm_sec = Int32(field(17, 2))
                        let seconds = Int64(timegm(&local))
                        if seconds >= Timestamp.least / 1_000_000 { expected = seconds * 1_000_000 }
                    }
                }
                let time = bytes.withUnsafeBytes { Timestamp.parse($0) }
                #expect(time == expected, "byte \(byte) at \(at)")
            }
        }
    }

    @Test func randomBytesNeverTrap() {
        let seed = UInt64.random(in: 1 ... .max)
        print("timestamp bytes: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var bytes = Array("2026-11-22T10:00:00.123456+02:00".utf8)
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
            for _ in 0..<2 where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[at] = UInt8.random(in: .min ... .max, using: &generator)
            }
            let time = bytes.withUnsafeBytes { Timestamp.parse($0) }
            #expect(
                time.map { (Timestamp.least...253_402_300_799_999_999).contains($0) } ?? true,
                "seed \(seed)"
            )
        }
    }

    @Test func whatCannotBeWrittenStandsAtTheFirstMoment() {
        for micros in [Int64.min, Timestamp.least - 1, Timestamp.least] {
            #expect(Timestamp.text(micros) == "0001-01-01T00:00:00.000000Z")
            #expect(Timestamp.hour(micros) == Timestamp.firstHour)
        }
        #expect(Timestamp.text(.max).utf8.count == Timestamp.byteCount)
        #expect(Timestamp.hour(.max) > 0)
    }

    @Test func shortensToMillisecondsDatesAndFileNames() {
        #expect(Timestamp.milliseconds(0) == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp.milliseconds(1_709_164_800_007_000) == "2024-02-29T00:00:00.007Z")
        #expect(Timestamp.date(1_763_805_600_123_456) == "2025-11-22")
        #expect(Timestamp.compact(1_763_805_600_123_456) == "20251122T100000.123Z")
    }
}
