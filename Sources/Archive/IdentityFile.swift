import Compression
package import Disk

/// A part of a segment's file of ids that is yet to be written.
///
/// It is written after its commit, so that a file of ids never has the id of an event that is not
/// durable.
package struct IdentityPart: Sendable {
    /// The segment's sealed path.
    package var segment: String
    /// The beginning of the file: source names by number, ``IdentityFile/noSource`` for those whose
    /// ids it does not have; nil in later parts.
    package var sources: [String]?
    /// The check of the key by which contents were hashed; in the file's beginning.
    package var contentCheck: UInt64 = 0
    /// The entries, in the format of ``IdentityList``.
    package var entries: [UInt8]
    /// The end of the file; nil when more may follow.
    package var end: IdentityEnd?

    package init(
        segment: String,
        sources: [String]? = nil,
        contentCheck: UInt64 = 0,
        entries: [UInt8],
        end: IdentityEnd? = nil
    ) {
        self.segment = segment
        self.sources = sources
        self.contentCheck = contentCheck
        self.entries = entries
        self.end = end
    }
}

/// The last block of a file of ids.
package struct IdentityEnd: Sendable, Equatable {
    /// The number of ids in the file.
    package var ids: Int
    /// The latest time of receipt, in seconds since 1970 UTC.
    package var lastSeconds: UInt32

    package init(ids: Int, lastSeconds: UInt32) {
        self.ids = ids
        self.lastSeconds = lastSeconds
    }
}

/// The file with a sealed segment's ids, which spares the next start reading the segment.
///
/// It is never synced: the segment is authoritative. So a file of ids is trusted only as far as its
/// checks hold, and is complete only with its end.
///
///     "TPIDS\0\0\2"
///     block*          byte count of the body (4 bytes), CRC-32 of count, kind and body (4),
///                     kind (1), body; numbers are little-endian
///
///     kind 0          check of the content hash's key (8), names of sources, each ended by a line
///                     feed; the first block, once
///     kind 1          entries of ``IdentityList``, independent of other blocks
///     kind 2          ids in the file (8), highest time of receipt (4); the last block, once
///
/// Version 1 has no check, and names all sources, with ids in the file or without.
package enum IdentityFile {
    package static let magic: [UInt8] = Array("TPIDS".utf8) + [0, 0, 2]
    package static let magicOfVersion1: [UInt8] = Array("TPIDS".utf8) + [0, 0, 1]
    /// Stands for the name of a source whose ids the file does not have.
    package static let noSource = "-"
    package static let blockHeaderBytes = 9
    /// More than any list grows to between two commits; a block with a larger count is damaged.
    package static let bodyBytesMax = 256 << 20

    package enum Kind: UInt8 {
        case sources = 0
        case entries = 1
        case end = 2
    }

    /// The bytes of a part.
    package static func bytes(_ part: IdentityPart) -> [UInt8] {
        var bytes: [UInt8] = []
        if let sources = part.sources {
            bytes += magic
            let names = Array((sources.map { $0 + "\n" }.joined()).utf8)
            bytes += block(.sources, number(part.contentCheck, 8) + names)
        }
        if !part.entries.isEmpty { bytes += block(.entries, part.entries) }
        if let end = part.end {
            bytes += block(.end, number(UInt64(end.ids), 8) + number(UInt64(end.lastSeconds), 4))
        }
        return bytes
    }

    private static func block(_ kind: Kind, _ body: [UInt8]) -> [UInt8] {
        let count = number(UInt64(body.count), 4)
        let check = checksum(count: count, kind: kind.rawValue, body: body[...])
        return count + number(UInt64(check), 4) + [kind.rawValue] + body
    }

    package static func checksum(
        count: [UInt8],
        kind: UInt8,
        body: ArraySlice<UInt8>
    ) -> UInt32 {
        let head = (count + [kind]).withUnsafeBytes { crc32($0) }
        return body.withUnsafeBytes { crc32($0, continuing: head) }
    }

    package static func number(_ value: UInt64, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    package static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Appends a part to its segment's file.
    ///
    /// What fails leaves no file, or one that lacks its beginning or its end: the next start reads
    /// the segment instead.
    package static func append(_ part: IdentityPart, in fileSystem: any FileSystem) {
        let path = Layout.identityPath(forSealed: part.segment)
        do throws(FileSystemError) {
            if part.sources != nil { _ = try fileSystem.createFolder(SegmentFormat.identities) }
            let file = try fileSystem.open(path, .append)
            defer { fileSystem.close(file) }
            try fileSystem.write(bytes(part), to: file)
        } catch {
            try? fileSystem.remove(path)
        }
    }
}
