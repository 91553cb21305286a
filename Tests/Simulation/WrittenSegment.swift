import Archive
import Compression
package import TestSupport

/// An open segment as a writer leaves it, its finished form, and its known properties.
package struct WrittenSegment {
    package private(set) var bytes: [UInt8] = []
    package private(set) var lines: [[UInt8]] = []
    /// The offset after each commit, and the number of lines before it.
    package private(set) var commits: [(offset: Int, lines: Int)] = []
    /// The bytes of the file if it had been finished.
    package private(set) var finished: [UInt8] = []

    package static let sealedPath =
        "events/channel=web/part-c1-0-20261122T100000.000Z-0.ndjson.gz"
    package static let openPath = Layout.openPath(forSealed: sealedPath)

    /// A segment of several commits of several events each, the last one not committed.
    package init(using random: inout SeededGenerator) {
        let engine: Engine = Bool.random(using: &random) ? .isal : .zlib
        guard var encoder = try? GzipEncoder(engine: engine, level: 1) else {
            preconditionFailure("every engine has level 1")
        }
        for _ in 0..<Int.random(in: 2...6, using: &random) {
            for _ in 0..<Int.random(in: 1...4, using: &random) { write(&encoder, &random) }
            bytes += encode([], flush: .sync, with: &encoder)
            commits.append((bytes.count, lines.count))
        }
        write(&encoder, &random)
        finished = bytes + encode([], flush: .finish, with: &encoder)
    }

    /// A large segment: full-size events, a commit every thousand.
    ///
    /// Does not keep its lines.
    package init(rawBytes: Int) {
        guard var encoder = try? GzipEncoder(engine: .isal, level: 1) else {
            preconditionFailure("every engine has level 1")
        }
        var random = SeededGenerator(seed: 2)
        var count = 0
        while encoder.rawBytes < UInt64(rawBytes) {
            for _ in 0..<1_000 { write(&encoder, &random) }
            count += lines.count
            bytes += encode([], flush: .sync, with: &encoder)
            commits.append((bytes.count, count))
            lines = []
        }
    }

    /// Returns the number of lines acknowledged if no byte after `offset` is durable.
    package func committed(before offset: Int) -> Int {
        commits.last { $0.offset <= offset }?.lines ?? 0
    }

    private mutating func write(_ encoder: inout GzipEncoder, _ random: inout SeededGenerator) {
        let number = lines.count + 1
        var text =
            #"{"_touchpoint":{"receivedAt":"2026-11-22T10:00:00.123456Z","node":"c1","#
            + #""source":"reliable","seq":\#(number),"run":"r1"},"type":"track","note":""#
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            text += String(random.next() % 100_000, radix: 36)
        }
        let line = Array((text + #""}"#).utf8)
        lines.append(line)
        bytes += encode((line + [0x0a])[...], flush: .none, with: &encoder)
    }
}
