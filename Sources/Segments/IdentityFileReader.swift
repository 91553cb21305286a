import Dedup

/// Reads a file of ids back, a block at a time.
enum IdentityFileReader {
    /// What a file came to.
    enum Outcome: Equatable {
        /// All ids of its segment were given.
        case whole(IdentityEnd)
        /// It lacks its end, or something in it is not as it was written; what was given before is
        /// right all the same.
        case damaged(String)
    }

    /// Shows every id that can be trusted: its source's name, seconds since 1970 UTC, the id.
    static func read(
        _ path: String,
        in fileSystem: any FileSystem,
        onIdentity: (String, UInt32, PackedIdentity) -> Void
    ) throws(FileSystemError) -> Outcome {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        var offset = IdentityFile.magic.count
        guard try fileSystem.bytes(of: file, at: 0, count: offset) == IdentityFile.magic else {
            return .damaged("it does not begin like one")
        }
        var sources: [String]?
        var ids = 0
        while let block = try block(of: file, at: &offset, fileSystem) {
            switch block.kind {
            case .sources where sources == nil:
                sources = names(block.body)
            case .entries where sources != nil:
                guard let count = entries(block.body, sources ?? [], onIdentity) else {
                    return .damaged("an entry before byte \(offset) is none")
                }
                ids += count
            case .end where sources != nil:
                let end = IdentityEnd(
                    ids: Int(clamping: IdentityFile.number(block.body.prefix(8))),
                    lastSeconds: UInt32(clamping: IdentityFile.number(block.body.dropFirst(8)))
                )
                let isMore = try !fileSystem.bytes(of: file, at: offset, count: 1).isEmpty
                let isWhole = end.ids == ids && block.body.count == 12 && !isMore
                return isWhole ? .whole(end) : .damaged("its end does not fit it")
            default:
                return .damaged("the block before byte \(offset) is out of place")
            }
        }
        return .damaged("it ends or is damaged at byte \(offset)")
    }

    private struct Block {
        var kind: IdentityFile.Kind
        var body: ArraySlice<UInt8>
    }

    /// The next block; nil when what stands there is no whole one.
    private static func block(
        of file: FileHandle,
        at offset: inout Int,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Block? {
        let headerBytes = IdentityFile.blockHeaderBytes
        let header = try fileSystem.bytes(of: file, at: offset, count: headerBytes)
        guard header.count == headerBytes, let kind = IdentityFile.Kind(rawValue: header[8])
        else { return nil }
        let count = Int(IdentityFile.number(header.prefix(4)))
        // Before memory is asked for: a damaged count can be anything.
        let left = try fileSystem.size(file) - offset - headerBytes
        guard count <= min(left, IdentityFile.bodyBytesMax) else { return nil }
        let body = try fileSystem.bytes(of: file, at: offset + headerBytes, count: count)
        let check = IdentityFile.checksum(Array(header.prefix(4)), header[8], body[...])
        guard body.count == count, UInt64(check) == IdentityFile.number(header[4..<8]) else {
            return nil
        }
        offset += headerBytes + count
        return Block(kind: kind, body: body[...])
    }

    private static func names(_ body: ArraySlice<UInt8>) -> [String] {
        body.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Shows the ids of a block; gives how many, or nil when an entry is none.
    private static func entries(
        _ body: ArraySlice<UInt8>,
        _ sources: [String],
        _ onIdentity: (String, UInt32, PackedIdentity) -> Void
    ) -> Int? {
        body.withUnsafeBytes { bytes in
            var at = 0
            var count = 0
            var source: String?
            var seconds: UInt32 = 0
            while at < bytes.count {
                let left = bytes.count - at - 1
                switch bytes[at] {
                case 0 where left >= 6:
                    let number = bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt16.self)
                    seconds = bytes.loadUnaligned(fromByteOffset: at + 3, as: UInt32.self)
                    seconds = UInt32(littleEndian: seconds)
                    let index = Int(UInt16(littleEndian: number))
                    source = index < sources.count ? sources[index] : nil
                    at += 7
                    continue
                case 1 where left >= 16:
                    let first = bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt64.self)
                    let second = bytes.loadUnaligned(fromByteOffset: at + 9, as: UInt64.self)
                    guard let source else { return nil }
                    let identity = PackedIdentity(
                        first: UInt64(littleEndian: first),
                        second: UInt64(littleEndian: second)
                    )
                    onIdentity(source, seconds, identity)
                    at += 17
                case 2 where left >= 2:
                    let size = bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt16.self)
                    let idBytes = Int(UInt16(littleEndian: size))
                    guard let source, idBytes <= left - 2,
                        (1...PackedIdentity.byteCountMax).contains(idBytes)
                    else { return nil }
                    let text = UnsafeRawBufferPointer(
                        rebasing: bytes[(at + 3)..<(at + 3 + idBytes)]
                    )
                    onIdentity(source, seconds, PackedIdentity(text: text))
                    at += 3 + idBytes
                default:
                    return nil
                }
                count += 1
            }
            return count
        }
    }
}
