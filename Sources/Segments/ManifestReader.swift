import Foundation

/// Reads manifests back, line by line, in bounded memory.
package enum ManifestReader {
    /// Shows every line of every manifest: its manifest's path and the entry, or nil for a line
    /// that is none, as a crash leaves one.
    package static func each(
        _ fileSystem: any FileSystem,
        _ visit: (String, ManifestEntry?) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        let decoder = JSONDecoder()
        for path in try paths(fileSystem) {
            try eachLine(of: path, fileSystem) { (line) throws(FileSystemError) in
                try visit(path, try? decoder.decode(ManifestEntry.self, from: Data(line)))
            }
        }
    }

    /// The manifests, in order of date and node.
    package static func paths(_ fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        for date in try fileSystem.list(Layout.manifest) where date.isFolder {
            let folder = Layout.join(Layout.manifest, date.name)
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
            var lines = (rest + chunk).split(separator: 0x0a, omittingEmptySubsequences: false)
            rest = Array(lines.popLast() ?? [])
            for line in lines where !line.isEmpty { try visit(Array(line)) }
        }
        if !rest.isEmpty { try visit(rest) }
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
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes { buffer in
                Result { () throws(FileSystemError) in
                    try read(
                        file,
                        at: offset + filled,
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    )
                }
            }
            let added = try result.get()
            if added == 0 { break }
            filled += added
        }
        return Array(bytes[..<filled])
    }
}
