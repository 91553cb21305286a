package import Dedup
package import Disk

/// Reads a file of ids, one block at a time.
package enum IdentityFileReader {
    /// The result of reading a file.
    package enum Outcome: Equatable {
        /// All ids of its segment, by these sources, were returned.
        case whole(IdentityEnd, Set<String>)
        /// It lacks its end, or a block fails its check; the ids returned before are valid.
        case damaged(String)
        /// Its contents were hashed with another key; nothing was returned.
        case otherKey
    }

    /// Which content hashes of a file are trusted.
    package enum Contents {
        /// Hashes by the key with this check.
        case of(check: UInt64)
        /// None: the content of each id is unknown.
        case unknown
    }

    /// An id from a file, with its source's name and seconds since 1970 UTC.
    package struct Entry {
        package var source: String
        /// The name of its producer; empty for none.
        package var producer: String
        package var seconds: UInt32
        package var identity: PackedIdentity
        /// 0 if unknown.
        package var content: UInt64
    }

    /// Visits every id that can be trusted.
    package static func read(
        _ path: String,
        in fileSystem: any FileSystem,
        contents: Contents,
        onEntry: (Entry) -> Void
    ) throws(FileSystemError) -> Outcome {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        var offset = IdentityFile.magic.count
        let magic = try fileSystem.bytes(of: file, at: 0, count: offset)
        let isVersion1 = magic == IdentityFile.magicOfVersion1
        guard isVersion1 || magic == IdentityFile.magic else {
            return .damaged("it does not begin like one")
        }
        var head: Head?
        var reading = Reading(contents: contents)
        while let block = try block(of: file, at: &offset, fileSystem) {
            switch block.kind {
            case .sources where head == nil:
                guard let found = Head(block.body, isVersion1) else {
                    return .damaged("its beginning is too short")
                }
                if case .of(let check) = contents, !isVersion1, found.check != check {
                    return .otherKey
                }
                head = found
            case .entries:
                guard let head else { return .damaged("it has no beginning") }
                guard reading.entries(of: block.body, names: head.sources, onEntry: onEntry) else {
                    return .damaged("an entry before byte \(offset) is none")
                }
            case .end:
                guard let head else { return .damaged("it has no beginning") }
                let end = IdentityEnd(
                    ids: Int(clamping: IdentityFile.number(block.body.prefix(8))),
                    lastSeconds: UInt32(clamping: IdentityFile.number(block.body.dropFirst(8)))
                )
                let isMore = try !fileSystem.bytes(of: file, at: offset, count: 1).isEmpty
                let isWhole = end.ids == reading.count && block.body.count == 12 && !isMore
                return isWhole
                    ? .whole(end, head.covered ?? reading.sources)
                    : .damaged("its end does not fit it")
            default:
                return .damaged("the block before byte \(offset) is out of place")
            }
        }
        return .damaged("it ends or is damaged at byte \(offset)")
    }

    /// The first block of a file.
    private struct Head {
        var sources: [String]
        var check: UInt64 = 0
        /// The sources whose ids the file has; nil in version 1, which does not say.
        var covered: Set<String>?

        /// Nil if the block is too short.
        init?(_ body: ArraySlice<UInt8>, _ isVersion1: Bool) {
            guard isVersion1 || body.count >= 8 else { return nil }
            sources = body.dropFirst(isVersion1 ? 0 : 8).split(separator: UInt8(ascii: "\n"))
                .map { String(decoding: $0, as: UTF8.self) }
            if isVersion1 { return }
            check = IdentityFile.number(body.prefix(8))
            covered = Set(sources).subtracting([IdentityFile.noSource])
        }
    }

    private struct Block {
        var kind: IdentityFile.Kind
        var body: ArraySlice<UInt8>
    }

    /// Returns the next block; nil if there is no whole block at the offset.
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
        // Checked before memory is allocated: a damaged count can have any value.
        let left = try fileSystem.size(file) - offset - headerBytes
        guard count <= min(left, IdentityFile.bodyBytesMax) else { return nil }
        let body = try fileSystem.bytes(of: file, at: offset + headerBytes, count: count)
        let check = IdentityFile.checksum(
            count: Array(header.prefix(4)),
            kind: header[8],
            body: body[...]
        )
        guard body.count == count, UInt64(check) == IdentityFile.number(header[4..<8]) else {
            return nil
        }
        offset += headerBytes + count
        return Block(kind: kind, body: body[...])
    }

    /// The result of the entry blocks so far.
    private struct Reading {
        let contents: Contents
        var count = 0
        /// The sources with an id.
        var sources: Set<String> = []

        init(contents: Contents) { self.contents = contents }

        private func believed(_ content: UInt64) -> UInt64 {
            if case .of = contents { return UInt64(littleEndian: content) }
            return 0
        }

        /// Visits the ids of a block; false if an entry is invalid.
        mutating func entries(
            of body: ArraySlice<UInt8>,
            names: [String],
            onEntry: (Entry) -> Void
        ) -> Bool {
            body.withUnsafeBytes { bytes in
                var at = 0
                var source: String?
                var producer = ""
                var seconds: UInt32 = 0
                while at < bytes.count {
                    let kind = bytes[at]
                    let left = bytes.count - at - 1
                    if kind == 0, left >= 6 {
                        let number = bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt16.self)
                        let time = bytes.loadUnaligned(fromByteOffset: at + 3, as: UInt32.self)
                        seconds = UInt32(littleEndian: time)
                        let index = Int(UInt16(littleEndian: number))
                        source = index < names.count ? names[index] : nil
                        if let source { sources.insert(source) }
                        producer = ""
                        at += 7
                        continue
                    }
                    if kind == 5 {
                        guard let (name, size) = Self.producer(bytes, at: at) else { return false }
                        producer = name
                        at += size
                        continue
                    }
                    let hasContent = kind == 3 || kind == 4
                    let contentBytes = hasContent ? 8 : 0
                    guard let source, left >= contentBytes else { return false }
                    let content =
                        hasContent
                        ? bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt64.self) : 0
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[(at + 1 + contentBytes)...])
                    guard let (identity, size) = Self.identity(kind, rest) else { return false }
                    onEntry(
                        Entry(
                            source: source,
                            producer: producer,
                            seconds: seconds,
                            identity: identity,
                            content: believed(content)
                        )
                    )
                    at += 1 + contentBytes + size
                    count += 1
                }
                return true
            }
        }

        /// Returns the producer of an entry of kind 5, and the entry's bytes; nil if it is invalid.
        private static func producer(
            _ bytes: UnsafeRawBufferPointer,
            at: Int
        ) -> (name: String, byteCount: Int)? {
            guard bytes.count - at >= 3 else { return nil }
            let count = bytes.loadUnaligned(fromByteOffset: at + 1, as: UInt16.self)
            let end = at + 3 + Int(UInt16(littleEndian: count))
            guard end <= bytes.count,
                let name = String(validating: bytes[(at + 3)..<end], as: UTF8.self)
            else { return nil }
            return (name, end - at)
        }

        /// Returns the id of an entry, and its bytes; nil if it is invalid.
        private static func identity(
            _ kind: UInt8,
            _ bytes: UnsafeRawBufferPointer
        ) -> (PackedIdentity, Int)? {
            switch kind {
            case 1, 3:
                guard bytes.count >= 16 else { return nil }
                let first = bytes.loadUnaligned(as: UInt64.self)
                let second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                let identity = PackedIdentity(
                    first: UInt64(littleEndian: first),
                    second: UInt64(littleEndian: second)
                )
                return (identity, 16)
            case 2, 4:
                guard bytes.count >= 2 else { return nil }
                let size = Int(UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self)))
                guard size <= bytes.count - 2, (1...PackedIdentity.byteCountMax).contains(size)
                else { return nil }
                let text = UnsafeRawBufferPointer(rebasing: bytes[2..<(2 + size)])
                return (PackedIdentity(text: text), 2 + size)
            default:
                return nil
            }
        }
    }
}
