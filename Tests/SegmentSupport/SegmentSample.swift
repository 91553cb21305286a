import Archive
package import Compression
import Events
import TestSupport

/// A segment as a writer leaves it, with its known properties.
package struct SegmentSample {
    /// The file's bytes.
    package var bytes: [UInt8] = []
    package var lines: [String] = []
    /// Offsets of the commits, and the number of lines before each.
    package var commits: [(offset: Int, lines: Int)] = []

    package static let path =
        "events/channel=web/date=2026-11-22/part-c1-0-20261122T100000.000Z-0.ndjson.gz"
    package static let openPath = Layout.openPath(forSealed: path)

    /// Returns a line as the daemon writes it.
    package static func line(
        _ number: Int,
        source: String = "reliable",
        run: String = "r1"
    ) -> String {
        let second = number % 60 < 10 ? "0\(number % 60)" : "\(number % 60)"
        let metadata =
            #"{"_touchpoint":{"receivedAt":"2026-11-22T10:00:\#(second).123456Z","node":"c1","#
            + #""source":"\#(source)","seq":\#(number),"run":"\#(run)"}"#
        if number % 7 == 3 { return metadata + "}" }
        return metadata
            + #","type":"track","timestamp":"2026-11-22T09:59:\#(second)Z","#
            + #""user":"u\#(number &* 7919 % 1000)"}"#
    }

    /// Commits every `every` events; the last events are uncommitted when `every` does not divide.
    package static func open(
        events: Int,
        every: Int,
        from first: Int = 1,
        engine: Engine = .isal,
        source: String = "reliable",
        run: String = "r1"
    ) throws -> SegmentSample {
        var sample = SegmentSample()
        var encoder = try GzipEncoder(engine: engine, level: 1)
        for number in 0..<events {
            let line = line(first + number, source: source, run: run)
            sample.lines.append(line)
            let isCommit = (number + 1) % every == 0
            sample.bytes += encode(line + "\n", flush: isCommit ? .sync : .none, with: &encoder)
            if isCommit { sample.commits.append((sample.bytes.count, number + 1)) }
        }
        return sample
    }

    /// Creates a finished file.
    package static func sealed(
        events: Int,
        from first: Int = 1,
        source: String = "reliable",
        run: String = "r1"
    ) throws -> SegmentSample {
        try sealed((0..<events).map { line(first + $0, source: source, run: run) })
    }

    package static func sealed(_ lines: [String]) throws -> SegmentSample {
        var sample = SegmentSample(lines: lines)
        var encoder = try GzipEncoder(engine: .isal, level: 1)
        sample.bytes = encode(lines.map { $0 + "\n" }.joined(), flush: .finish, with: &encoder)
        return sample
    }

    package static func encode(
        _ text: String,
        flush: Flush,
        with encoder: inout GzipEncoder
    ) -> [UInt8] {
        TestSupport.encode(Array(text.utf8)[...], flush: flush, with: &encoder)
    }
}

/// Returns the lines of a finished gzip file; nil if it is none.
package func inflatedLines(_ bytes: [UInt8]) -> [String]? {
    var inflater = Inflater()
    var buffer = GrowableBuffer()
    let outcome = bytes.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: 1 << 30) }
    guard case .ok = outcome else { return nil }
    return String(decoding: buffer.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
