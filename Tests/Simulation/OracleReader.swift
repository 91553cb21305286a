import Archive
import Compression
import Disk
import Foundation

/// Reads the files for the oracle, each content once, with zlib for files and Foundation for
/// manifest lines, and none of the daemon's own readers.
///
/// For one thread.
final class OracleReader {
    /// The content of a sealed file.
    final class Content {
        var events: [Int] = []
        var rawBytes = 0
        /// In the format of a manifest line.
        var crc32 = ""
        var complaint: String?
    }

    /// A manifest line, and the place of the file that it names.
    final class Line {
        let entry: ManifestEntry
        let place: Int

        init(_ entry: ManifestEntry, place: Int) { (self.entry, self.place) = (entry, place) }
    }

    private struct FileKey: Hashable {
        var place: Int
        var bytes: ByteKey
    }

    private struct Manifest {
        var bytes: [UInt8] = []
        var lines: [Line] = []
    }

    private let ledger: EventLedger
    private var contents: [FileKey: Content] = [:]
    /// By place: the last request, which is often repeated.
    private var lastContents: [(bytes: ByteKey, content: Content)?] = []
    private var lastManifests: [Int: Manifest] = [:]
    private var lines: [ByteKey: Line?] = [:]
    private var inflater = Inflater()
    private var buffer = GrowableBuffer()

    init(_ ledger: EventLedger) { self.ledger = ledger }

    /// Returns the lines of a manifest that are entries.
    func lines(of place: Int, in bytes: [UInt8], paths: PathTable) -> [Line] {
        let last = lastManifests[place] ?? Manifest()
        if last.bytes.count == bytes.count, bytes.begins(with: last.bytes) { return last.lines }
        var manifest = Manifest(bytes: bytes)
        var start = 0
        if last.bytes.last == 0x0a, bytes.begins(with: last.bytes) {
            manifest.lines = last.lines
            start = last.bytes.count
        }
        for line in bytes[start...].split(separator: 0x0a) {
            if let line = self.line(ByteKey(Array(line)), paths) { manifest.lines.append(line) }
        }
        lastManifests[place] = manifest
        return manifest.lines
    }

    private func line(_ key: ByteKey, _ paths: PathTable) -> Line? {
        if let known = lines[key] { return known }
        let entry = try? JSONDecoder().decode(ManifestEntry.self, from: Data(key.bytes))
        let line = entry.map { Line($0, place: paths.place($0.path)) }
        lines[key] = .some(line)
        return line
    }

    func content(of place: Int, at path: String, bytes: [UInt8]) -> Content {
        while lastContents.count <= place { lastContents.append(nil) }
        let key = FileKey(place: place, bytes: ByteKey(bytes))
        if let last = lastContents[place], last.bytes == key.bytes { return last.content }
        let content = contents[key] ?? read(path, bytes)
        contents[key] = content
        lastContents[place] = (key.bytes, content)
        return content
    }

    private func read(_ path: String, _ bytes: [UInt8]) -> Content {
        let content = Content()
        buffer.removeAll()
        let outcome = bytes.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: 1 << 30) }
        guard case .ok = outcome else {
            content.complaint = "\(path) is no whole gzip file"
            return content
        }
        content.rawBytes = buffer.count
        content.crc32 = SegmentSurvey.hex(Compression.crc32(buffer.bytes))
        guard buffer.bytes.last == 0x0a else {
            content.complaint = "\(path) does not end with a line feed"
            return content
        }
        for line in buffer.bytes.split(separator: 0x0a) {
            guard let event = ledger.number(of: Array(line)) else {
                content.complaint = "\(path) has a line that was never written"
                return content
            }
            let isAscending = content.events.last.map { $0 < event } ?? true
            guard isAscending, Self.isIn(ledger.folders[event], path) else {
                content.complaint = "event \(event) stands in the wrong place in \(path)"
                return content
            }
            content.events.append(event)
        }
        return content
    }

    /// Whether a file is below a folder, or below its substitute if it could not be entered.
    private static func isIn(_ folder: String, _ path: String) -> Bool {
        let (parts, wanted) = (DiskPath.parts(path).dropLast(), DiskPath.parts(folder))
        return parts.count >= wanted.count
            && zip(parts, wanted).allSatisfy {
                $0 == $1 || $0.hasSuffix(SegmentFormat.blockedValue)
            }
    }
}
