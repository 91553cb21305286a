import Glibc
import Terminal
import Testing

/// A pipe that receives the output of a progress bar.
private struct Output: ~Copyable {
    let reader: Int32
    let writer: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    consuming func text() -> String {
        close(writer)
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(reader, &bytes, bytes.count)
        close(reader)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

@Suite struct ProgressBarTests {
    @Test func printsNothingWhereNobodyLooks() throws {
        let output = try Output()
        var bar = ProgressBar(label: "sending", total: 10, fd: output.writer)
        bar.update(5)
        bar.finish(10)
        #expect(output.text().isEmpty)
    }

    @Test func printsOneLastLineWhereAskedTo() throws {
        let output = try Output()
        let start = ContinuousClock.now
        var bar = ProgressBar(label: "sending", total: 10, now: start, fd: output.writer)
        bar.update(5)
        bar.finish(3000, always: true, now: start + .seconds(2))
        #expect(output.text() == "sending: 3.00k events in 2.00 s, 1.50k/s\n")
    }

    @Test func redrawsAtMostTenTimesASecond() throws {
        let output = try Output()
        let start = ContinuousClock.now
        var bar = ProgressBar(label: "x", total: 1000, now: start, fd: output.writer, shown: true)
        for step in 0..<1000 { bar.update(step, now: start + .milliseconds(step)) }
        let drawn = output.text().split(separator: "\r").count
        #expect(drawn == 10)
    }
}

@Suite struct ProgressLineTests {
    @Test func showsBarRateAndTimeLeft() {
        let line = ProgressLine(
            label: "sending",
            done: 1_250_000,
            total: 2_500_000,
            unit: .events,
            seconds: 4
        )
        #expect(
            line.text(columns: 100)
                == "sending [===============>              ]  50%  1.25M of 2.50M events  312k/s  ETA 4.00 s"
        )
    }

    @Test func dropsTheBarAndThenTextOnNarrowTerminals() {
        let line = ProgressLine(label: "x", done: 1, total: 2, unit: .bytes, seconds: 1)
        #expect(line.text(columns: 42) == "x   50%  1 B of 2 B  1 B/s  ETA 1.00 s")
        #expect(line.text(columns: 8) == "x   50% ")
    }

    @Test func showsNoEndWhenNoneIsKnown() {
        let line = ProgressLine(label: "x", done: 2048, total: nil, unit: .bytes, seconds: 2)
        #expect(line.text(columns: 80) == "x  2.00 KiB  1.00 KiB/s  2.00 s")
    }

    @Test func aFullBarHasNoHead() {
        let line = ProgressLine(label: "x", done: 3, total: 2, unit: .events, seconds: 0)
        #expect(line.text(columns: 60).contains("=] 100%"))
        #expect(line.text(columns: 60).hasSuffix("ETA -"))
    }
}
