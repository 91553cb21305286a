package import Disk
import Glibc

/// Reads manifests, line by line, in bounded memory.
package enum ManifestReader {
    /// Visits every line of every manifest: the manifest's path and the entry, or nil for an
    /// invalid line, as after a crash.
    ///
    /// `first`: skips earlier days, `2026-11-22`; `end`: skips this day and later ones.
    package static func each(
        _ fileSystem: any FileSystem,
        from first: String = "",
        before end: String? = nil,
        _ visit: (String, ManifestEntry?) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        try eachNumbered(fileSystem, from: first, before: end) {
            (place, _, entry) throws(FileSystemError) in
            try visit(place.path, entry)
        }
    }

    /// The position of a line.
    package struct Place: Codable, Hashable, Sendable {
        package var path: String
        /// From 1; empty lines count.
        package var line: Int

        package init(path: String, line: Int) {
            self.path = path
            self.line = line
        }
    }

    /// Does the same as ``each(_:from:_:)``, with the line's place and bytes.
    ///
    /// `folder`: the data folder, if it is not the file system's own.
    package static func eachNumbered(
        _ fileSystem: any FileSystem,
        below folder: String = "",
        from first: String = "",
        before end: String? = nil,
        _ visit: (Place, [UInt8], ManifestEntry?) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        for path in try paths(fileSystem, below: folder, from: first)
        where end.map({ Layout.day(ofManifest: path) < $0 }) ?? true {
            var place = Place(path: path, line: 0)
            try eachLine(of: path, fileSystem) { (line) throws(FileSystemError) in
                place.line += 1
                guard !line.isEmpty else { return }
                try visit(place, line, ManifestLine.entry(line))
            }
        }
    }

    /// Returns the paths of the manifests, in order of date and node.
    ///
    /// `alsoSummarised`: includes those of which only the summary is left.
    package static func paths(
        _ fileSystem: any FileSystem,
        below folder: String = "",
        from first: String = "",
        alsoSummarised: Bool = false
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        let manifest = DiskPath.join(folder, SegmentFormat.manifest)
        for date in try fileSystem.list(manifest)
        where date.isFolder && date.name.hasPrefix("date=")
            && (first.isEmpty || date.name >= "date=" + first)
        {
            let folder = DiskPath.join(manifest, date.name)
            let names = try fileSystem.list(folder)
                .filter { !$0.isFolder && !$0.isLink && !$0.name.hasPrefix(".") }.map(\.name)
            var manifests = names.filter { $0.hasSuffix(SegmentFormat.manifestSuffix) }
            if alsoSummarised {
                manifests += names.filter { $0.hasSuffix(SegmentFormat.summarySuffix) }
                    .map {
                        $0.dropLast(SegmentFormat.summarySuffix.count)
                            + SegmentFormat.manifestSuffix
                    }
                manifests = Set(manifests).sorted()
            }
            paths += manifests.map { DiskPath.join(folder, $0) }
        }
        return paths
    }

    /// Visits every line of a manifest, empty ones too, and every chunk as it was read.
    package static func eachLine(
        of path: String,
        _ fileSystem: any FileSystem,
        onChunk: ([UInt8]) -> Void = { _ in },
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
            onChunk(chunk)
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

    /// Ends the last line of every manifest that a crash tore, so that the next append starts a new
    /// line, and returns these manifests.
    ///
    /// To be called before anything is appended. Read-only manifests are left to the node that owns
    /// them.
    package static func mend(_ fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        var mended: [String] = []
        for path in try paths(fileSystem) where try isTorn(path, fileSystem) {
            let file: FileHandle
            do throws(FileSystemError) {
                file = try fileSystem.open(path, .modify)
            } catch {
                guard error.isObstacle, fileSystem.isForeign(path) else { throw error }
                continue
            }
            defer { fileSystem.close(file) }
            try fileSystem.write([0x0a], to: file)
            try fileSystem.datasync(file)
            mended.append(path)
        }
        return mended
    }

    private static func isTorn(
        _ path: String,
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> Bool {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        let size = try fileSystem.size(file)
        guard size > 0 else { return false }
        return try fileSystem.bytes(of: file, at: size - 1, count: 1) != [0x0a]
    }
}
