package import Disk
import FoundationEssentials

/// A manifest line that states that a sealed file was removed on purpose and is not missing.
///
///     {"removed":{"at":"2026-12-22T10:00:00.000000Z","bytes":310,"events":3,"path":"…","reason":"age"},"version":1}
///
/// The line is durable before the file is removed, so the file may still exist. The ledger keeps
/// the file's events by the line from its sealing. Neither line has the other's keys, so a sum over
/// lines counts no event twice.
package struct ManifestRemoval: Codable, Equatable, Sendable {
    /// Why a file is removed.
    package enum Reason: String, Codable, Sendable {
        /// `quarantine.maxAge` reached.
        case age
    }

    /// The removed file.
    package struct File: Codable, Equatable, Sendable {
        /// RFC 3339, UTC.
        package var at: String
        package var bytes: Int
        package var events: Int
        /// The path below the data folder.
        package var path: String
        package var reason: Reason
    }

    package var removed: File
    /// The version of this format; 1.
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

    /// Parses the removal in a line without its line feed; nil for any other line.
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
    /// Visits every removal of every manifest from the day `first` on, `2026-11-22`.
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
