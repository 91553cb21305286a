import Archive
package import Disk
import Events
import Platform

/// Removes files of ids that are older than the window.
package enum IdentitySweep {
    /// How long a segment can be open; the same time is granted to one that was never sealed.
    private static let openSecondsMax: UInt32 = 2 * 86_400

    /// Removes files older than `since` (seconds since 1970 UTC), and returns their number.
    ///
    /// Files that cannot be read or removed stay for the next call.
    package static func run(_ fileSystem: any FileSystem, since: UInt32) -> Int {
        guard let names = try? names(fileSystem) else { return 0 }
        let recent = Timestamp.compact(Int64(since) * 1_000_000)
        let old = Timestamp.compact((Int64(since) - Int64(openSecondsMax)) * 1_000_000)
        var removed = 0
        for name in names where stamp(name) < recent {
            let path = DiskPath.join(SegmentFormat.identities, name)
            let isOver = lastSeconds(path, fileSystem).map { $0 < since } ?? (stamp(name) < old)
            if isOver, (try? fileSystem.remove(path)) != nil { removed += 1 }
        }
        return removed
    }

    /// Returns the names of all files of ids.
    static func names(_ fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        try fileSystem.list(SegmentFormat.identities)
            .filter { !$0.isFolder && $0.name.hasSuffix(SegmentFormat.identitySuffix) }
            .map(\.name)
    }

    /// Returns the time of opening of a file's segment from its name; its order is that of time.
    static func stamp(_ name: String) -> Substring {
        let parts = name.split(separator: "-")
        return parts.count >= 2 ? parts[parts.count - 2] : ""
    }

    /// Returns the latest time of receipt in the file's end; nil if it has no end.
    private static func lastSeconds(_ path: String, _ fileSystem: any FileSystem) -> UInt32? {
        let endBytes = IdentityFile.blockHeaderBytes + 12
        guard let file = try? fileSystem.open(path, .read) else { return nil }
        defer { fileSystem.close(file) }
        guard let size = try? fileSystem.size(file), size > endBytes,
            let end = try? fileSystem.bytes(of: file, at: size - endBytes, count: endBytes),
            end.count == endBytes, end[8] == IdentityFile.Kind.end.rawValue
        else { return nil }
        let check = IdentityFile.checksum(count: Array(end[..<4]), kind: end[8], body: end[9...])
        guard UInt64(check) == IdentityFile.number(end[4..<8]) else { return nil }
        return UInt32(clamping: IdentityFile.number(end[17...]))
    }
}
