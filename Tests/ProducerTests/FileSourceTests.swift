import Compression
import Foundation
import Producer
import Testing

@Suite struct FileSourceTests {
    private struct Found: Equatable {
        var events: [String] = []
        var lines: [Int] = []
        var refused: [Int] = []
    }

    /// Returns the events of files with these contents, read through the smallest window.
    private static func read(
        _ files: [[UInt8]],
        change: (inout FileSource.Reading) -> Void = { _ in }
    ) throws -> Found {
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var paths: [String] = []
        for (index, bytes) in files.enumerated() {
            paths.append("\(folder)/\(index)")
            try Data(bytes).write(to: URL(filePath: paths[index]))
        }
        var reading = FileSource.Reading()
        reading.windowBytes = 4
        change(&reading)
        let source = FileSource(paths: paths, reading: reading)
        var found = Found()
        var event: [UInt8] = []
        while try source.appendNext(to: &event) {
            found.events.append(String(decoding: event, as: UTF8.self))
            found.lines.append(try #require(source.place).line)
            event.removeAll()
        }
        for refusal in source.takeRefusals() {
            #expect(refusal.verdict == .refused && refusal.reason == "not_separable")
            found.refused.append(try #require(refusal.line))
        }
        return found
    }

    private static func read(_ text: String) throws -> Found { try read([Array(text.utf8)]) }

    private static func gzip(_ text: String) throws -> [UInt8] {
        var encoder = try GzipEncoder(engine: .zlib, level: 6)
        var output = [UInt8](repeating: 0, count: 1 << 16)
        let count = Array(text.utf8).withUnsafeBytes { input in
            output.withUnsafeMutableBytes { encoder.step(input, flush: .finish, into: $0).produced }
        }
        return Array(output.prefix(count))
    }

    @Test func givesLinesAsTheyStandAndLeavesOutEmptyOnes() throws {
        let long = String(repeating: "x", count: 1000)
        let texts = ["a\n\n\(long)\n \r\nb", "", "{\"c\": 1 }\n  {\"d\":2}\n"]
        let found = try Self.read(texts.map { Array($0.utf8) })
        #expect(found.events == ["a", long, "b", "{\"c\": 1 }", "  {\"d\":2}"])
        #expect(found.lines == [1, 3, 5, 1, 2] && found.refused.isEmpty)
    }

    @Test func readsEverythingAgainEachRound() throws {
        let found = try Self.read([Array("a\nb".utf8), Array("c".utf8)]) { $0.rounds = 3 }
        #expect(found.events == Array("abcabcabc").map(String.init))
    }

    @Test func joinsTheLinesOfAnObject() throws {
        let text = """
            {
              "a": [1, {"b": "}\\"{"}],\r
              "c": {}
            }
            { "d":
              2 } {"e": 3}

            {"f":4}
            """
        let found = try Self.read(text)
        #expect(
            found.events == [
                #"{  "a": [1, {"b": "}\"{"}],  "c": {}}"#, #"{ "d":  2 }"#, #" {"e": 3}"#,
                #"{"f":4}"#,
            ]
        )
        #expect(found.lines == [1, 5, 6, 8] && found.refused.isEmpty)
    }

    @Test(
        arguments: [
            (#"[{"a":1},{"b":[2]}]"#, [#"{"a":1}"#, #"{"b":[2]}"#], [1, 1]),
            (
                "[\n {\"a\":1}\n , {\n\"b\":2}\n]\n{\"c\":3}\n",
                [#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#], [2, 3, 6]
            ),
            ("[]\n[ ]\n{}", ["{}"], [3]),
        ]
    )
    func takesArraysApart(text: String, events: [String], lines: [Int]) throws {
        #expect(try Self.read(text) == Found(events: events, lines: lines))
    }

    /// Text that cannot be separated is not sent, least of all an object inside it.
    @Test(
        arguments: [
            ("{\"ok\":1}\n{\n \"list\": [\n  {\"inner\":1}\n ],\n", [#"{"ok":1}"#], 2),
            ("{\n \"text\": \"torn\n  {\"inner\":1}\n}\n", [], 1),
            ("{\n \"list\": [\n  {\"inner\":1} }\n]\n", [], 1),
            ("{\n \"a\": 1\n} tail\n{\"inner\":1}\n", [], 1),
            ("[\n {\"a\":1},\n {\"b\":\n  {\"inner\":1}\n", [#"{"a":1}"#], 3),
            ("[\n {\"a\":1}\n {\"inner\":1}\n]", [#"{"a":1}"#], 3),
            ("[{\"a\":1}, 7, {\"b\":2}]", [#"{"a":1}"#], 1),
            ("[{\"a\":1}] tail\n{\"b\":1}", [#"{"a":1}"#], 1),
            ("[\n{\"a\":1}", [#"{"a":1}"#], 1),
        ]
    )
    func refusesTheRestWhereObjectsCannotBeToldApart(
        text: String,
        events: [String],
        line: Int
    ) throws {
        let found = try Self.read(text)
        #expect(found.events == events && found.refused == [line])
    }

    /// A line that is not an object costs no other line of NDJSON.
    @Test(
        arguments: [
            "{x}", "{bad", "{\"a\":\"torn", "{\"a\":1,", "{\"a\":[", "not json", "[2026-11-22] log",
            "{\"a\":1} tail", "{\"a\":1}{\"b\":2}", "{\"a\":]}", "\u{0}", "[7]",
        ]
    )
    func givesABadLineAsItStands(bad: String) throws {
        let good = #"{"good":1}"#
        let found = try Self.read([good, bad, good, bad, bad, good, bad].joined(separator: "\n"))
        #expect(found.events == [good, bad, good, bad, bad, good, bad])
        #expect(found.lines == Array(1...7) && found.refused.isEmpty)
    }

    @Test func looksAtNothingWhenToldToReadByLine() throws {
        let text = "{\n\"a\":1\n\n}\n[\n"
        let found = try Self.read([Array(text.utf8)]) { $0.isByLine = true }
        #expect(found.events == ["{", "\"a\":1", "}", "["] && found.lines == [1, 2, 4, 5])
    }

    @Test func refusesAnObjectThatIsTooLongToBeOne() throws {
        let text = "{\"a\":\n" + String(repeating: " ", count: 500) + "1}\n"
        let found = try Self.read([Array(text.utf8)]) { $0.objectBytesMax = 100 }
        #expect(found.events.isEmpty && found.refused == [1])
    }

    @Test func inflatesMembersInARow() throws {
        let one = try Self.gzip("{\"a\":1}\n{\"b\"")
        let two = try Self.gzip(":2}\n" + String(repeating: "{\"c\":3}\n", count: 2000))
        let found = try Self.read([one + two, Array("{\"d\":4}".utf8)])
        #expect(found.events.count == 2003)
        #expect(found.events.prefix(3) == [#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#])
        #expect(found.events.last == #"{"d":4}"#)
    }

    @Test func saysWhatIsWrongWithAFileThatIsNoText() throws {
        let whole = try Self.gzip("{\"a\":1}\n")
        let damaged: [([UInt8], String)] = [
            (whole.dropLast(3), "middle of its gzip stream"), (whole + [0x41], "other bytes"),
            ([0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"), ([0xff, 0xfe, 0x7b, 0], "UTF-16"),
            ([0x1f, 0x8b, 0xff, 0xff], "gzip"),
        ]
        for (bytes, text) in damaged {
            let error = try #require(throws: ProducerError.self) { try Self.read([bytes]) }
            #expect(error.description.contains(text) && error.exitCode == 65)
        }
    }

    @Test func passesOverAByteOrderMark() throws {
        #expect(try Self.read("\u{FEFF}{\n\"a\":1}").events == [#"{"a":1}"#])
    }

    @Test func namesTheFileThatIsMissing() throws {
        let source = FileSource(paths: ["/no/such/file"])
        var line: [UInt8] = []
        let error = try #require(throws: ProducerError.self) { try source.appendNext(to: &line) }
        #expect(error.description == "open /no/such/file: No such file or directory")
        #expect(error.exitCode == 74)
    }
}
