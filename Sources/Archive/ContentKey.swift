import Compression
package import Disk
package import Events

/// The file with the key by which a data folder's contents are hashed; files of ids store hashes of
/// earlier runs.
///
///     "TPKEY\0\0\1"     key (16 bytes), CRC-32 of the key (4); little-endian
///
/// Only the daemon may read it: with the key, two different events can be made that are taken for
/// one. If the key is lost, the next start reads segments instead of files of ids.
package enum ContentKey {
    private static let magic: [UInt8] = Array("TPKEY".utf8) + [0, 0, 1]

    /// Reads the folder's key, or makes a new one if there is no whole one.
    ///
    /// The returned key is durable.
    package static func load(
        in fileSystem: any FileSystem
    ) throws(FileSystemError) -> ContentHash {
        if let hash = try read(fileSystem) { return hash }
        let hash = ContentHash.random
        try write(hash, fileSystem)
        return hash
    }

    private static func read(
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> ContentHash? {
        guard fileSystem.exists(SegmentFormat.contentKey) else { return nil }
        let file = try fileSystem.open(SegmentFormat.contentKey, .read)
        defer { fileSystem.close(file) }
        let bytes = try fileSystem.bytes(of: file, at: 0, count: magic.count + 21)
        let key = bytes.dropFirst(magic.count).prefix(16)
        guard bytes.starts(with: magic), bytes.count == magic.count + 20,
            IdentityFile.number(bytes.suffix(4)) == check(Array(key))
        else { return nil }
        return ContentHash(
            key0: IdentityFile.number(key.prefix(8)),
            key1: IdentityFile.number(key.suffix(8))
        )
    }

    private static func check(_ key: [UInt8]) -> UInt64 {
        UInt64(key.withUnsafeBytes { crc32($0) })
    }

    private static func write(
        _ hash: ContentHash,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) {
        let key = IdentityFile.number(hash.key0, 8) + IdentityFile.number(hash.key1, 8)
        let bytes = magic + key + IdentityFile.number(check(key), 4)
        if try fileSystem.createFolder(SegmentFormat.identities) { try fileSystem.syncFolder("") }
        let begun = SegmentFormat.contentKey + ".new"
        if fileSystem.exists(begun) { try fileSystem.remove(begun) }
        let file = try fileSystem.open(begun, .createNew)
        let result = Result { () throws(FileSystemError) in
            try fileSystem.hide(file)
            try fileSystem.write(bytes, to: file)
            try fileSystem.datasync(file)
        }
        fileSystem.close(file)
        try result.get()
        try fileSystem.replace(begun, to: SegmentFormat.contentKey)
        try fileSystem.syncFolder(SegmentFormat.identities)
    }
}
