package import Disk
import FoundationEssentials

/// A manifest line that says that a sealed file was removed on purpose, and no longer counts as
/// missing.
///
///     {"removed":{"at":"2026-12-22T10:00:00.000000Z","bytes":310,"events":3,"path":"…","reason":"age"},"version":1}
///
/// It is durable before the file goes, so a file that it names may still be there. What the file held
/// stays in the ledger by the line from when it was sealed. The keys of that line are not in this one,
/// so that whoever adds lines up counts no event twice.
package struct ManifestRemoval: Codable, Equatable, Sendable {
    /// Why a file is removed.
    package enum Reason: String, Codable, Sendable {
        /// `quarantine.maxAge` reached.
        case age
    }

    /// What was removed.
    package struct File: Codable, Equatable, Sendable {
        /// RFC 3339, UTC.
        package var at: String
        package var bytes: Int
        package var events: Int
        /// Below the data folder.
        package var path: String
        package var reason: Reason
    }

    package var removed: File
    /// Of this format; 1.
    package var version = 1

    package init(_ entry: ManifestEntry, reason: Reason, at: String) {
        removed = File(
            at: at,
            bytes: entry.compressedBytes,
            events: entry.events,
            path: entry.path,
            reason: reason
        )
    }

    /// The removal that a line without its line feed stands for; nil for any other line.
    package init?(_ line: [UInt8]) {
        guard line.starts(with: #"{"removed":"#.utf8),
            let removal = try? JSONDecoder().decode(ManifestRemoval.self, from: Data(line))
        else { return nil }
        self = removal
    }

    /// The line, with its line feed.
    package var line: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(self) else {
            preconditionFailure("a removal of strings and numbers always encodes")
        }
        return Array(json) + [UInt8(ascii: "\n")]
    }
}

extension ManifestReader {
    /// Shows every removal of every manifest from the day `first` on, `2026-11-22`.
    package static func eachRemoval(
        _ fileSystem: any FileSystem,
        from first: String = "",
        _ visit: (ManifestRemoval.File) -> Void
    ) throws(FileSystemError) {
        try eachNumbered(fileSystem, from: first) { _, line, entry in
            if entry == nil, let removal = ManifestRemoval(line) { visit(removal.removed) }
        }
    }
}
