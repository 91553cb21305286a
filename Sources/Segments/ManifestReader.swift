import Glibc

/// Reads manifests back, line by line, in bounded memory.
package enum ManifestReader {
    /// Shows every line of every manifest: its manifest's path and the entry, or nil for a line
    /// that is none, as a crash leaves one.
    ///
    /// `date`: leaves out manifests of earlier days, `2026-11-22`.
    package static func each(
        _ fileSystem: any FileSystem,
        from date: String = "",
        _ visit: (String, ManifestEntry?) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        try eachNumbered(fileSystem, from: date) { (place, _, entry) throws(FileSystemError) in
            try visit(place.path, entry)
        }
    }

    /// Where a line stands.
    package struct Place: Codable, Hashable, Sendable {
        package var path: String
        /// From 1; empty lines count.
        package var line: Int

        package init(path: String, line: Int) {
            self.path = path
            self.line = line
        }
    }

    /// As ``each(_:from:_:)``, with the line's place and bytes.
    ///
    /// `folder`: the data folder, when it is not the file system's own.
    package static func eachNumbered(
        _ fileSystem: any FileSystem,
        below folder: String = "",
        from date: String = "",
        _ visit: (Place, [UInt8], ManifestEntry?) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        for path in try paths(fileSystem, below: folder, from: date) {
            var place = Place(path: path, line: 0)
            try eachLine(of: path, fileSystem) { (line) throws(FileSystemError) in
                place.line += 1
                guard !line.isEmpty else { return }
                try visit(place, line, ManifestLine.entry(line))
            }
        }
    }

    /// The manifests, in order of date and node.
    package static func paths(
        _ fileSystem: any FileSystem,
        below folder: String = "",
        from first: String = ""
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        let manifest = Layout.join(folder, Layout.manifest)
        for date in try fileSystem.list(manifest)
        where date.isFolder && (first.isEmpty || date.name >= "date=" + first) {
            let folder = Layout.join(manifest, date.name)
            for entry in try fileSystem.list(folder)
            where !entry.isFolder && entry.name.hasSuffix(".ndjson") && !entry.name.hasPrefix(".") {
                paths.append(Layout.join(folder, entry.name))
            }
        }
        return paths
    }

    private static func eachLine(
        of path: String,
        _ fileSystem: any FileSystem,
        _ visit: ([UInt8]) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        var rest: [UInt8] = []
        var offset = 0
        while true {
            let chunk = try fileSystem.bytes(of: file, at: offset, count: 64 << 10)
            if chunk.isEmpty { break }
            offset += chunk.count
            rest = rest.isEmpty ? chunk : rest + chunk
            var start = 0
            while let end = lineFeed(in: rest, from: start) {
                try visit(Array(rest[start..<end]))
                start = end + 1
            }
            rest.removeFirst(start)
        }
        if !rest.isEmpty { try visit(rest) }
    }

    private static func lineFeed(in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(base + start, 0x0a, bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Ends the last line of every manifest where a crash tore it, so that the next append starts a
    /// line of its own.
    ///
    /// To be called before anything is appended. Gives the manifests it mended.
    package static func mend(_ fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        var mended: [String] = []
        for path in try paths(fileSystem) {
            let file = try fileSystem.open(path, .modify)
            defer { fileSystem.close(file) }
            let size = try fileSystem.size(file)
            guard size > 0, try fileSystem.bytes(of: file, at: size - 1, count: 1) != [0x0a] else {
                continue
            }
            try fileSystem.write([0x0a], to: file)
            try fileSystem.datasync(file)
            mended.append(path)
        }
        return mended
    }
}

extension FileSystem {
    /// Up to `count` bytes from `offset`: fewer only at the end of the file.
    package func bytes(
        of file: FileHandle,
        at offset: Int,
        count: Int
    ) throws(FileSystemError) -> [UInt8] {
        var failure: FileSystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileSystemError) {
                while filled < count {
                    let room = UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[filled..<count])
                    )
                    let added = try read(file, at: offset + filled, into: room)
                    if added == 0 { break }
                    filled += added
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
