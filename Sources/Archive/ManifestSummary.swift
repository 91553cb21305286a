import Compression
import Digest
package import Disk
import FoundationEssentials

/// The totals of a past day's manifest, in a file beside it, which spare later starts reading its
/// lines.
///
/// It is valid only while the manifest has the length in the summary: a manifest only grows, and
/// one that has grown is read again.
package struct ManifestSummary: Codable, Equatable, Sendable {
    package var version = 1
    /// The length of the manifest in bytes, and its CRC-32, 8 hexadecimal digits.
    package var bytes: Int
    package var crc32: String
    /// The number of entries; of several with one path only the first counts.
    package var files: Int
    package var totals: ManifestTotals

    /// Reads the summary of a manifest; nil if there is none, or it does not match.
    package static func read(
        of manifest: String,
        in fileSystem: any FileSystem
    ) -> ManifestSummary? {
        guard let bytes = try? contents(of: Layout.summaryPath(forManifest: manifest), fileSystem),
            let summary = try? JSONDecoder().decode(ManifestSummary.self, from: Data(bytes)),
            summary.version == 1,
            let size = try? fileSystem.size(of: manifest), size == summary.bytes
        else { return nil }
        return summary
    }

    /// Reads a whole manifest.
    package static func make(
        of manifest: String,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) -> ManifestSummary {
        var summary = ManifestSummary(bytes: 0, crc32: "", files: 0, totals: ManifestTotals())
        var seen: Set<PathDigest> = []
        var crc: UInt32 = 0
        let onChunk = { (chunk: [UInt8]) in
            summary.bytes += chunk.count
            crc = chunk.withUnsafeBytes { Compression.crc32($0, continuing: crc) }
        }
        try ManifestReader.eachLine(of: manifest, fileSystem, onChunk: onChunk) {
            (line) throws(FileSystemError) in
            guard let entry = ManifestLine.entry(line),
                seen.insert(PathDigest(entry.path)).inserted
            else { return }
            summary.files += 1
            summary.totals.add(entry)
        }
        summary.crc32 = Hex.text(crc)
        return summary
    }

    /// Writes the summary beside its manifest, replacing an earlier one; durable on return.
    package func write(
        of manifest: String,
        in fileSystem: any FileSystem
    ) throws(FileSystemError) {
        let path = Layout.summaryPath(forManifest: manifest)
        let (folder, name) = DiskPath.split(path)
        let copy = DiskPath.join(folder, ".\(name)\(SegmentFormat.copySuffix)")
        if fileSystem.exists(copy) { try fileSystem.remove(copy) }
        let file = try fileSystem.open(copy, .createNew)
        defer { fileSystem.close(file) }
        try fileSystem.write(encoded + [UInt8(ascii: "\n")], to: file)
        try fileSystem.datasync(file)
        try fileSystem.replace(copy, to: path)
        try fileSystem.syncFolder(folder)
    }

    private var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(self) else {
            preconditionFailure("a summary of strings and numbers always encodes")
        }
        return Array(json)
    }

    private static func contents(
        of path: String,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> [UInt8] {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        // Some ten bytes per source and reason; a longer file is not a summary.
        return try fileSystem.bytes(of: file, at: 0, count: min(try fileSystem.size(file), 4 << 20))
    }
}
