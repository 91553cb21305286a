import Foundation
import Producer
import Testing

@Suite struct GeneratedCheckTests {
    private static func lines(_ count: Int, producers: Int = 1, size: Int = 465) -> [[UInt8]] {
        var configuration = GeneratedEvents.Configuration(count: count, run: 0xabc)
        configuration.producers = producers
        configuration.eventBytes = size
        var source = GeneratedEvents(configuration, clock: { 1_795_341_600_123_456_789 })
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        while source.appendNext(to: &line) {
            // In the collector's form: its own metadata first.
            lines.append(Array(#"{"_touchpoint":{"seq":\#(lines.count)},"#.utf8) + line.dropFirst())
            line.removeAll()
        }
        return lines
    }

    private static func report(_ files: [[UInt8]]...) -> GeneratedReport {
        var check = GeneratedCheck()
        for file in files {
            check.beginFile()
            for line in file { check.add(line) }
        }
        return check.report()
    }

    @Test func makesValidEventsOfAboutTheSizeAskedFor() throws {
        var configuration = GeneratedEvents.Configuration(count: 500, run: 1)
        configuration.channels = ["web", "a\"b\\c"]
        configuration.producers = 3
        var source = GeneratedEvents(configuration, clock: { 1_795_341_600_123_456_789 })
        var sizes: [Int] = []
        var line: [UInt8] = []
        while source.appendNext(to: &line) {
            let object = try JSONSerialization.jsonObject(with: Data(line))
            let event = try #require(object as? [String: Any])
            #expect(event["timestamp"] as? String == "2026-11-22T10:00:00.123Z")
            #expect(event["channel"] as? String == configuration.channels[sizes.count % 2])
            #expect(
                event["messageId"] as? String == """
                    g-0000000000000001-\(sizes.count % 3)-\(sizes.count / 3 + 1)
                    """
            )
            sizes.append(line.count)
            line.removeAll()
        }
        #expect(sizes.count == 500)
        let mean = sizes.reduce(0, +) / sizes.count
        #expect(abs(mean - 465) < 15, "mean size \(mean)")
    }

    @Test func findsNothingWrongInWhatWasGenerated() {
        let report = Self.report(Self.lines(1000, producers: 7))
        #expect(report.isWhole && report.isInOrder)
        #expect(report.producers.count == 7)
        #expect(report.totals.seen == 1000 && report.totals.expected == 1000)
        #expect(report.producers[0].run == "0000000000000abc")
    }

    @Test func countsWhatIsLost() {
        var lines = Self.lines(100)
        lines.removeSubrange(10..<13)
        lines.remove(at: 0)
        let report = Self.report(lines)
        #expect(report.totals.lost == 4 && report.totals.seen == 96 && !report.isWhole)
    }

    @Test func countsWhatIsLostAtTheEndWhenToldHowManyThereWere() {
        var check = GeneratedCheck()
        for line in Self.lines(100).dropLast(5) { check.add(line) }
        #expect(check.report().totals.lost == 0)
        #expect(check.report(expected: 100).totals.lost == 5)
        #expect(check.report(expected: 64).totals.lost == 0)
        #expect(check.report(expected: 63).totals.lost == 0)
    }

    @Test func countsDuplicatesAndNotAsDisorder() {
        let lines = Self.lines(100)
        let report = Self.report(lines, Array(lines[20..<30]))
        #expect(report.totals.duplicates == 10)
        #expect(report.totals.orderViolations == 0 && report.totals.lost == 0)
    }

    @Test func countsDisorderWithinAFileOnly() {
        var lines = Self.lines(100)
        let clean = Self.report(Array(lines[50...]), Array(lines[..<50]))
        #expect(clean.isWhole && clean.isInOrder)
        lines.swapAt(40, 41)
        let report = Self.report(lines)
        #expect(report.totals.orderViolations == 1 && report.totals.duplicates == 0)
        #expect(report.isWhole && !report.isInOrder)
    }

    @Test func noticesEveryChangedByteOfTheProperties() throws {
        let line = Self.lines(1)[0]
        let text = String(decoding: line, as: UTF8.self)
        let start = try #require(text.range(of: #""properties":"#)).upperBound
        let first = text.utf8.distance(from: text.startIndex, to: start)
        for index in first..<(line.count - 1) {
            var damaged = line
            damaged[index] ^= 1
            let report = Self.report([damaged])
            #expect(report.totals.checksumErrors == 1, "byte \(index)")
        }
    }

    @Test func standsAnyLineCutAnywhere() {
        let line = Self.lines(1)[0]
        for count in 0..<line.count {
            let report = Self.report([Array(line.prefix(count))])
            #expect(!report.isWhole || report.otherEvents == 1, "cut at \(count)")
        }
    }

    @Test func leavesOtherEventsAlone() {
        let report = Self.report([Array(#"{"type":"track","event":"Order"}"#.utf8), []])
        #expect(report.isWhole && report.otherEvents == 2)
    }

    @Test func survivesAJourneyThroughJSON() throws {
        let report = Self.report(Self.lines(10))
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(GeneratedReport.self, from: data) == report)
    }
}
