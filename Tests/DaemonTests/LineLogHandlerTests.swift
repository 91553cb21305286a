import Foundation
import Glibc
import Logging
import Testing

@testable import Configuration
@testable import Daemon

@Suite struct LineLogHandlerTests {
    private static let moment: Int64 = 1_795_341_600_123_456_789

    /// The lines that `body` logs to a pipe.
    private func lines(
        _ format: Settings.Log.Format = .text,
        level: SharedLogLevel = SharedLogLevel(.debug),
        journal: Bool = false,
        _ body: (LineLogHandler) -> Void
    ) throws -> [String] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        var environment: [String: String] = [:]
        if journal {
            var status = stat()
            try #require(fstat(ends[1], &status) == 0)
            environment["JOURNAL_STREAM"] = "\(status.st_dev):\(status.st_ino)"
        }
        let destination = LogDestination(descriptor: ends[1], environment: environment)
        body(LineLogHandler(format: format, level: level, destination: destination) { Self.moment })
        close(ends[1])
        let text = String(
            decoding: FileHandle(fileDescriptor: ends[0]).readDataToEndOfFile(),
            as: UTF8.self
        )
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return text.split(separator: "\n").map(String.init)
    }

    @Test func textIsTimeLevelMessageAndSortedMetadata() throws {
        let lines = try lines { handler in
            handler.logger(label: "t").info(
                "sealed",
                metadata: ["path": "a/b.gz", "events": "250"]
            )
        }
        #expect(lines == ["2026-11-22T10:00:00.123Z info  sealed events=250 path=a/b.gz"])
    }

    @Test func everyLevelHasItsNameAndPriority() throws {
        func all(_ handler: LineLogHandler) {
            let logger = handler.logger(label: "t")
            logger.debug("m")
            logger.info("m")
            logger.notice("m")
            logger.warning("m")
            logger.error("m")
            logger.critical("m")
        }
        #expect(
            try lines(.text, all).map { $0.dropFirst(25) } == [
                "debug m", "info  m", "notice m", "warning m", "error m", "error m",
            ]
        )
        #expect(
            try lines(journal: true, all) == ["<7>m", "<6>m", "<5>m", "<4>m", "<3>m", "<3>m"]
        )
    }

    @Test func blanksQuotesAndControlsAreQuoted() throws {
        let lines = try lines(journal: true) { handler in
            handler.logger(label: "t").info(
                "two\nlines\u{1B}[31m\u{2028}",
                metadata: [
                    "a": "x y", "b": "q\"\\", "c": "", "d": "k=v", "e": "l\r\n", "f": "plain\\x",
                    "g": ["one", "two 2"], "h": .dictionary(["k": "v"]), "i": "\u{85}\u{202E}",
                ]
            )
        }
        #expect(
            lines == [
                #"<6>two\nlines\u{1b}[31m\u{2028} a="x y" b="q\"\\" c="" d="k=v" e="l\r\n""#
                    + #" f=plain\x g="[\"one\",\"two 2\"]" h="{\"k\":\"v\"}" i="\u{85}\u{202e}""#
            ]
        )
    }

    @Test func jsonIsOneObjectALine() throws {
        let lines = try lines(.json, journal: true) { handler in
            handler.logger(label: "t").warning(
                "a \"b\"\n\u{1}",
                metadata: [
                    "events": .stringConvertible(250), "ok": .stringConvertible(true),
                    "rate": .stringConvertible(0.5), "bad": .stringConvertible(Double.nan),
                    "level": "mine", "list": ["x", .dictionary(["k": "v"])],
                ]
            )
        }
        #expect(
            lines == [
                #"{"time":"2026-11-22T10:00:00.123Z","level":"warning","message":"a \"b\"\n\u0001","#
                    + #""bad":"nan","events":250,"level_":"mine","list":["x",{"k":"v"}],"ok":true,"#
                    + #""rate":0.5}"#
            ]
        )
        let line = try #require(lines.first)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["message"] as? String == "a \"b\"\n\u{1}")
    }

    @Test func levelChangesForAllLoggersAtOnce() throws {
        let level = SharedLogLevel(.info)
        let lines = try lines(level: level, journal: true) { handler in
            let first = handler.logger(label: "1")
            var second = handler.logger(label: "2")
            first.debug("hidden")
            level.level = .debug
            first.debug("shown")
            level.level = .error
            second.warning("hidden")
            second.logLevel = .debug
            second.debug("own level")
            first.warning("hidden")
        }
        #expect(lines == ["<7>shown", "<7>own level"])
        #expect(level.level == .error)
    }

    @Test func loggersOwnMetadataIsOverriddenByTheCalls() throws {
        let lines = try lines(journal: true) { handler in
            var logger = handler.logger(label: "t")
            logger[metadataKey: "source"] = "a"
            logger[metadataKey: "node"] = "c1"
            logger.info("m", metadata: ["source": "b"])
        }
        #expect(lines == ["<6>m node=c1 source=b"])
    }

    @Test func aJournalStreamOfAnotherDescriptorDoesNotCount() throws {
        let destination = LogDestination(
            descriptor: STDERR_FILENO,
            environment: ["JOURNAL_STREAM": "1:1"]
        )
        #expect(!destination.isJournal)
        #expect(!LogDestination.standardError(environment: [:]).isJournal)
    }

    @Test func aRecordIsOneWrite() throws {
        // A datagram socket keeps writes apart: one datagram is one write.
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let destination = LogDestination(descriptor: ends[0], environment: ["JOURNAL_STREAM": ""])
        let handler = LineLogHandler(
            format: .text,
            level: SharedLogLevel(.info),
            destination: destination
        ) { Self.moment }
        handler.logger(label: "t").info("sealed", metadata: ["detail": "a\nb"])
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(ends[1], &bytes, bytes.count, Int32(MSG_DONTWAIT))
        try #require(count > 0)
        #expect(
            String(decoding: bytes[..<count], as: UTF8.self)
                == "2026-11-22T10:00:00.123Z info  sealed detail=\"a\\nb\"\n"
        )
    }

    @Test func writingToAClosedDescriptorIsHarmless() {
        LogDestination(descriptor: -1, environment: [:]).write("lost")
    }
}
