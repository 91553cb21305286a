import Compression
package import Disk

/// Searches for flush markers, `00 00 FF FF`, in a file that inflate cannot read.
package enum FlushMarker {
    /// The end of the first marker that begins at or after `start`; nil if there is none.
    package static func end(
        from start: Int,
        in file: FileHandle,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Int? {
        let marker = GzipFraming.flushMarker.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        var offset = start
        // No suffix of this value is the beginning of a marker.
        var window: UInt32 = 0x0101_0101
        while true {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            if chunk.isEmpty { return nil }
            for (index, byte) in chunk.enumerated() {
                window = window << 8 | UInt32(byte)
                if window == marker { return offset + index + 1 }
            }
            offset += chunk.count
        }
    }
}
