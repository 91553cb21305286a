import Platform
import Testing

@testable import Filing

/// Times as senders write them.
@Suite struct TimeTextTests {
    private func time(_ text: String, _ unit: UnixTime.Unit = .any) -> String? {
        Array(text.utf8).withUnsafeBytes { TimeText.parse($0, unit) }.map(Timestamp.text)
    }

    @Test(arguments: [
        ("1534110422", "2018-08-12T21:47:02.000000Z"),
        ("1534110422.389832", "2018-08-12T21:47:02.389832Z"),
        ("1520363423000", "2018-03-06T19:10:23.000000Z"),
        ("1534110422389832", "2018-08-12T21:47:02.389832Z"),
        ("2020-10-09 00:00:00", "2020-10-09T00:00:00.000000Z"),
        ("2020-10-09", "2020-10-09T00:00:00.000000Z"),
        ("2020-10-09T11:12", "2020-10-09T11:12:00.000000Z"),
        ("2020-10-09T11:12:13+01", "2020-10-09T10:12:13.000000Z"),
        ("2020-10-09T11:12:13.5 +0130", "2020-10-09T09:42:13.500000Z"),
        ("2020-10-09 11:12:13 UTC", "2020-10-09T11:12:13.000000Z"),
        ("Mon, 17 Jul 2023 11:11:22 -0700", "2023-07-17T18:11:22.000000Z"),
        ("7 Jul 2023 11:11 GMT", "2023-07-07T11:11:00.000000Z"),
        ("Thu, 22 Feb 2024 23:41:11 +0000 (UTC)", "2024-02-22T23:41:11.000000Z"),
        ("2021-09-30T14:28:53.1234567-05:00", "2021-09-30T19:28:53.123456Z"),
    ])
    func manySpellingsAreRead(text: String, expected: String) {
        #expect(time(text) == expected)
    }

    @Test(arguments: [
        "", "NOW", "soon", "1e999", "-1", "1.2.3", "99999999999999999999", "2020-13-01",
        "2020-02-30",
        "2020-10-09T25:00", "2020-10-09T11", "2020-10-09x",
        "Mon, 40 Jul 2023 11:11:22 +0000",
        "Mon, 17 Jux 2023 11:11:22 +0000", "17 Jul 2023", "1 1", ".5", "5.", "2020-10-09T11:12:13.",
        "１２３",
        "9999-12-31 23:59:59 -2359", "253402300800000000", "\u{0}", "2020-10-09T11:12:13+24:00",
    ])
    func otherTextsAreNoTimes(text: String) {
        #expect(text == "5." ? time(text) != nil : time(text) == nil)
    }

    @Test(arguments: [
        (UnixTime.Unit.seconds, "1600000000"), (.milliseconds, "1600000000000"),
        (.microseconds, "1600000000000000"), (.nanoseconds, "1600000000000000000"),
    ])
    func aUnitIsBelieved(unit: UnixTime.Unit, number: String) {
        #expect(time(number, unit) == "2020-09-13T12:26:40.000000Z")
        #expect(time("1000", unit)?.hasPrefix("1970-01-01T00:") == true)
        #expect(time("2020-10-09", unit) == nil && time("1e9", unit) == nil)
    }

    /// No text of a few bytes does any harm.
    @Test func anyBytesAreRead() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("0123456789-:.+TZ ,JulMon()GMT\u{FF}".utf8)
        for _ in 0..<100_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            _ = bytes.withUnsafeBytes { TimeText.parse($0, .any) }
        }
    }
}
