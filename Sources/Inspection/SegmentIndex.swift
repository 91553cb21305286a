import Archive
package import Disk
import Events
import Platform

/// The contents of files according to manifests, for callers that need only some files.
///
/// It saves reading; unknown files are read.
package struct SegmentIndex {
    /// The numbers of a source and run in a file.
    struct Part {
        var run: RunIndex.Run
        var first: UInt64
    }

    private struct File {
        var parts: [Part]
        var receivedAt: ClosedRange<Int64>?
    }

    private var files: [String: File] = [:]

    package init() {}

    /// Adds the manifests of a data folder.
    ///
    /// `folder`: the data folder below the file system's own.
    package mutating func add(
        _ fileSystem: any FileSystem,
        below folder: String
    ) throws(FileSystemError) {
        try ManifestReader.eachNumbered(fileSystem, below: folder) {
            (_, _, entry) throws(FileSystemError) in
            guard let entry else { return }
            files[DiskPath.join(folder, entry.path)] = File(
                parts: entry.sequences.map {
                    Part(run: .init(source: $0.source, run: $0.run), first: $0.first)
                },
                receivedAt: Self.range(entry)
            )
        }
    }

    /// Returns the data folder that contains a path, or is it, below the file system's own: the
    /// nearest folder with a manifest.
    package static func dataFolder(of path: String, in fileSystem: any FileSystem) -> String? {
        var folder = path
        while !folder.isEmpty {
            if fileSystem.exists(DiskPath.join(folder, SegmentFormat.manifest)) { return folder }
            folder = DiskPath.split(folder).folder
        }
        return nil
    }

    private static func range(_ entry: ManifestEntry) -> ClosedRange<Int64>? {
        func time(_ text: String?) -> Int64? {
            text.flatMap { text in Array(text.utf8).withUnsafeBytes { Timestamp.parse($0) } }
        }
        guard let first = time(entry.firstReceivedAt), let last = time(entry.lastReceivedAt),
            first <= last
        else { return nil }
        return first...last
    }

    /// Whether a file may have a line that the filter admits.
    func mayHave(_ filter: SegmentCat.Filter, in path: String) -> Bool {
        guard let file = files[path] else { return true }
        if let source = filter.source, !file.parts.contains(where: { $0.run.source == source }) {
            return false
        }
        guard let range = file.receivedAt else { return true }
        if let from = filter.from, range.upperBound < from { return false }
        if let to = filter.to, range.lowerBound >= to { return false }
        return true
    }

    /// Returns the parts of a file; nil if the manifests do not list it.
    func parts(of path: String) -> [Part]? { files[path]?.parts }
}
