import Terminal
import Testing

@Suite struct HumanTextTests {
    @Test(arguments: [
        (0.0, 0, "0"), (0.5, 2, "0.50"), (-1234.5, 1, "-1234.5"), (0.125, 2, "0.12"),
        (0.375, 2, "0.38"), (2.675, 2, "2.67"), (999.95, 0, "1000"), (1, -1, "1"),
    ])
    func writesDecimalsRoundedByTheExactValue(value: Double, places: Int, text: String) {
        #expect(HumanText.fixed(value, places: places) == text)
    }

    @Test func writesEveryNumberWithAllItsDigits() {
        let text = HumanText.fixed(-.greatestFiniteMagnitude, places: 1000)
        #expect(text.count == 1 + 309 + 1 + 99)
        #expect(Double(text) == -.greatestFiniteMagnitude)
    }

    @Test(arguments: [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"),
        (-1000, "-1,000"), (-999, "-999"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func groupsThousands(count: Int, text: String) {
        #expect(HumanText.grouped(count) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (999, "999"), (1.5, "1.50"), (999.6, "1.00k"), (1000, "1.00k"),
        (12_345, "12.3k"), (312_000, "312k"), (999_499, "999k"), (4_560_000, "4.56M"),
        (-12_345, "-12.3k"), (.nan, "-"), (.infinity, "-"), (1e30, "1000000000000E"),
    ])
    func shortensCounts(count: Double, text: String) {
        #expect(HumanText.count(count) == text)
    }

    @Test(arguments: [
        (0.0, "0 B"), (512, "512 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"),
        (67_108_864, "64.0 MiB"), (536_870_912, "512 MiB"), (1_073_741_824, "1.00 GiB"),
        (1_048_575, "1.00 MiB"), (.nan, "-"),
    ])
    func namesBytesInBinaryUnits(bytes: Double, text: String) {
        #expect(HumanText.bytes(bytes) == text)
    }

    @Test(arguments: [
        (0.0, "0 s"), (0.000_83, "830 µs"), (0.012, "12.0 ms"), (0.0025, "2.50 ms"),
        (0.9996, "1.00 s"), (1.25, "1.25 s"),
        (12.34, "12.3 s"), (59.96, "1m 00s"), (125, "2m 05s"), (11_220, "3h 07m"),
        (352_800, "4d 02h"), (-1.25, "-1.25 s"), (.infinity, "-"), (1e300, "-"),
    ])
    func namesDurationsInTwoUnits(seconds: Double, text: String) {
        #expect(HumanText.duration(seconds: seconds) == text)
    }

    @Test func ratesSayPerSecond() {
        #expect(HumanText.countRate(perSecond: 12_345) == "12.3k/s")
        #expect(HumanText.byteRate(perSecond: 1_572_864) == "1.50 MiB/s")
    }

    @Test func percentOfNothingIsNoNumber() {
        #expect(HumanText.percent(1, of: 0) == "-")
        #expect(HumanText.percent(1, of: 250) == "0.4")
        #expect(HumanText.percent(1, of: 8) == "12")
    }
}
