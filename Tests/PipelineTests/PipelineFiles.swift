import Archive
import Disk
import Events
import Inspection

/// The contents of a data folder: every line of every segment.
struct PipelineFiles {
    struct Line {
        var path: String
        var source: String
        var run: String
        var sequence: UInt64
        /// The event as it was sent: the line without the collector's metadata.
        var event: String
    }

    private(set) var events: [Line] = []
    private(set) var quarantined: [Line] = []
    private(set) var sealed: [String] = []
    private(set) var open: [String] = []
    private(set) var damaged: [String: String] = [:]
    private(set) var report: VerifyReport

    init(_ fileSystem: any FileSystem) throws {
        report = try Verify.run(fileSystem)
        var sealed: [String] = []
        var open: [String] = []
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            if kind == .sealed { sealed.append(path) }
            if kind == .open { open.append(path) }
        }
        self.sealed = sealed
        self.open = open
        for path in sealed + open {
            let lines = try Self.lines(fileSystem, path)
            if path.hasPrefix(SegmentFormat.quarantine) {
                quarantined += lines
            } else {
                events += lines
            }
        }
    }

    private static func lines(_ fileSystem: any FileSystem, _ path: String) throws -> [Line] {
        var lines: [Line] = []
        var texts: [String] = []
        _ = try SegmentCat.run(fileSystem, paths: [path]) { bytes in
            texts.append(String(decoding: bytes, as: UTF8.self))
            return true
        }
        var reader = WrittenLineReader()
        for text in texts {
            var padded = Array(text.utf8) + [UInt8](repeating: 0x20, count: 64)
            let count = text.utf8.count
            let line = padded.withUnsafeMutableBytes { bytes -> Line? in
                var written = WrittenLine()
                let slice = UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(bytes)[..<count]
                )
                guard reader.read(slice, into: &written) else { return nil }
                return Line(
                    path: path,
                    source: String(decoding: written.source, as: UTF8.self),
                    run: String(decoding: written.run, as: UTF8.self),
                    sequence: written.sequence,
                    event: Self.event(text)
                )
            }
            guard let line else { throw Unreadable(description: "\(path): \(text)") }
            lines.append(line)
        }
        return lines
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// Removes the metadata: one flat object, so it ends at the first closing brace.
    private static func event(_ line: String) -> String {
        guard let end = line.firstIndex(of: "}") else { return line }
        let rest = line[line.index(after: end)...]
        return rest.hasPrefix(",") ? "{" + rest.dropFirst() : "{" + rest
    }

    var eventTexts: [String] { events.map(\.event) }

    /// A source's sequence numbers that are missing below its highest, or occur twice.
    func gaps(_ source: String, run: String = "r1") -> [UInt64] {
        let numbers = (events + quarantined).filter { $0.source == source && $0.run == run }
            .map(\.sequence).sorted()
        return zip(numbers, 1...).filter { $0.0 != $0.1 }.prefix(5).map(\.0)
    }
}
