import Compression
import Foundation
import Segments

/// Knows what must be true of a data folder, by the ledger of what was written and acknowledged.
///
/// Remembers the files it has read, since most are the same at the next crash point.
final class FolderOracle {
    /// What a sealed file holds.
    private struct Content {
        var events: [Int] = []
        var rawBytes = 0
        var crc32: UInt32 = 0
        var complaint: String?
    }

    /// Where something acknowledged may be missing from sealed files, and must stand instead.
    struct Rot {
        var folder: String
        var bytes: [UInt8]
    }

    private let ledger: EventLedger
    private var contents: [String: (bytes: [UInt8], content: Content)] = [:]
    private var entries: [[UInt8]: ManifestEntry?] = [:]
    private var named: Set<String> = []
    private var inflater = Inflater()
    private var buffer = GrowableBuffer()

    init(_ ledger: EventLedger) { self.ledger = ledger }

    // MARK: - What is visible

    /// What readers may rely on at any moment, without recovery: every visible file is whole, and
    /// every manifest line has its file.
    func complaintAboutVisible(_ files: [String: [UInt8]]) -> String? {
        for (path, bytes) in files.sorted(by: { $0.key < $1.key })
        where Layout.isSealed(name: Layout.split(path).name) {
            if let complaint = content(path, bytes).complaint { return "visible: \(complaint)" }
        }
        return complaintAboutEntries(files).map { "visible: \($0)" }
    }

    /// Leaves the paths of all entries in ``named``.
    private func complaintAboutEntries(_ files: [String: [UInt8]]) -> String? {
        var seen: Set<String> = []
        defer { named = seen }
        for entry in manifestEntries(files) {
            guard seen.insert(entry.path).inserted else {
                let both = manifestEntries(files).filter { $0.path == entry.path }
                let text = both.map { "\($0.reason) of run \($0.run) at \($0.sealedAt)" }
                return "two lines for \(entry.path): \(text.joined(separator: " and "))"
            }
            guard let bytes = files[entry.path] else { return "a line without \(entry.path)" }
            let content = content(entry.path, bytes)
            let isRight =
                entry.events == content.events.count && entry.rawBytes == content.rawBytes
                && entry.compressedBytes == bytes.count
                && entry.crc32 == SegmentSurvey.hex(content.crc32)
            if !isRight { return "the line of \(entry.path) says something else" }
        }
        return nil
    }

    private func manifestEntries(_ files: [String: [UInt8]]) -> [ManifestEntry] {
        // Hidden names are copies that were to take a manifest's place.
        files.filter { $0.key.hasPrefix(Layout.manifest + "/") && !$0.key.contains("/.") }
            .sorted { $0.key < $1.key }
            .flatMap { $0.value.split(separator: 0x0a) }
            .compactMap { line in
                let line = Array(line)
                if let known = entries[line] { return known }
                let entry = try? JSONDecoder().decode(ManifestEntry.self, from: Data(line))
                entries[line] = entry
                return entry
            }
    }

    // MARK: - After recovery

    /// What must hold once recovery is done.
    ///
    /// - `mayBeDamaged`: whether a file kept aside is no false alarm.
    func complaint(
        _ files: [String: [UInt8]],
        rot: Rot?,
        mayBeDamaged: (String) -> Bool
    ) -> String? {
        if let complaint = complaintAboutVisible(files) { return complaint }
        var place: [Int: String] = [:]
        var isRotKept = false
        for (path, bytes) in files.sorted(by: { $0.key < $1.key })
        where !path.hasPrefix(Layout.manifest) {
            switch SegmentTree.kind(ofName: Layout.split(path).name) {
            case .open, .recovering, .repaired: return "\(path) was left"
            case .damaged:
                if let rot, rot.bytes == bytes { isRotKept = true }
                if !mayBeDamaged(path) { return "false alarm: \(path)" }
            case .sealed:
                if !named.contains(path) { return "\(path) has no manifest line" }
                for event in content(path, bytes).events {
                    if let other = place.updateValue(path, forKey: event) {
                        return "event \(event) is in \(other) and in \(path)"
                    }
                }
            case nil: continue
            }
        }
        for event in 0..<ledger.written where ledger.isAcknowledged[event] {
            if place[event] != nil { continue }
            if isRotKept, let rot, rot.folder.hasPrefix(ledger.folders[event]) { continue }
            return "acknowledged event \(event) of \(ledger.folders[event]) is gone"
        }
        return nil
    }

    private func content(_ path: String, _ bytes: [UInt8]) -> Content {
        if let known = contents[path], known.bytes == bytes { return known.content }
        let content = read(path, bytes)
        contents[path] = (bytes, content)
        return content
    }

    private func read(_ path: String, _ bytes: [UInt8]) -> Content {
        var content = Content()
        buffer.removeAll()
        let outcome = bytes.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: 1 << 30) }
        guard case .ok = outcome else {
            content.complaint = "\(path) is no whole gzip file"
            return content
        }
        content.rawBytes = buffer.count
        content.crc32 = Compression.crc32(buffer.bytes)
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
            guard isAscending, path.hasPrefix(ledger.folders[event] + "/") else {
                content.complaint = "event \(event) stands in the wrong place in \(path)"
                return content
            }
            content.events.append(event)
        }
        return content
    }
}
