import Foundation
import Producer
import Testing

@Suite struct FileSourceTests {
    private static func lines(of texts: [String], rounds: Int = 1) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var paths: [String] = []
        for (index, text) in texts.enumerated() {
            paths.append("\(folder)/\(index)")
            try text.write(toFile: paths[index], atomically: false, encoding: .utf8)
        }
        let source = FileSource(paths: paths, rounds: rounds, bufferBytes: 16)
        var lines: [String] = []
        var line: [UInt8] = []
        while try source.appendNext(to: &line) {
            lines.append(String(decoding: line, as: UTF8.self))
            line.removeAll()
        }
        return lines
    }

    @Test func readsLinesLongerThanItsBufferAndLeavesOutEmptyOnes() throws {
        let long = String(repeating: "x", count: 1000)
        let lines = try Self.lines(of: ["a\n\n\(long)\n \r\nb", "", "c\n"])
        #expect(lines == ["a", long, "b", "c"])
    }

    @Test func readsEverythingAgainEachRound() throws {
        #expect(
            try Self.lines(of: ["a\nb", "c"], rounds: 3) == Array("abcabcabc").map(String.init)
        )
    }

    @Test func namesTheFileThatIsMissing() throws {
        let source = FileSource(paths: ["/no/such/file"])
        var line: [UInt8] = []
        let error = try #require(throws: ProducerError.self) { try source.appendNext(to: &line) }
        #expect(error.description == "open /no/such/file: No such file or directory")
        #expect(error.exitCode == 74)
    }
}
