import Archive
import Logging
import Storage
import Testing

@testable import Daemon

/// One log line per file would be a hundred megabytes of log per day.
@Suite struct SealedSumTests {
    private func file(_ events: Int) -> SealedFile {
        SealedFile(path: "p", events: events, compressedBytes: 100, reason: .age)
    }

    @Test func saysOnceAMinuteWhatWasSealed() {
        let lines = LoggedLines()
        let logger = lines.logger(from: .info, withMetadata: true)
        let sum = SealedSum()
        let second: Int64 = 1_000_000_000
        sum.tick(0, logger)
        for events in 1...3 { sum.add(file(events)) }
        sum.tick(59 * second, logger)
        #expect(lines.all.isEmpty)
        sum.tick(60 * second, logger)
        #expect(lines.all == [#"info files sealed ["bytes=300", "events=6", "files=3"]"#])
        sum.tick(120 * second, logger)
        #expect(lines.all.count == 1, "nothing was sealed since")
        sum.add(file(5))
        sum.tell(logger)
        #expect(lines.all.last == #"info files sealed ["bytes=100", "events=5", "files=1"]"#)
    }
}
