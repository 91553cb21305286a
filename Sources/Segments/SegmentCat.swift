import Events

/// Streams the lines of segments, for people and pipes.
///
/// Changes nothing, may run beside the daemon.
package struct SegmentCat {
    /// Which lines to give.
    package struct Filter: Sendable {
        /// Of one source only, and then in order of its sequence numbers, run by run.
        package var source: String?
        /// Received at or after this, and before that; microseconds since 1970.
        package var from: Int64?
        package var to: Int64?

        package init(source: String? = nil, from: Int64? = nil, to: Int64? = nil) {
            self.source = source
            self.from = from
            self.to = to
        }

        func admits(_ line: borrowing WrittenLine) -> Bool {
            if let from, line.receivedAt < from { return false }
            if let to, line.receivedAt >= to { return false }
            guard let source else { return true }
            return source.utf8.elementsEqual(line.source)
        }
    }

    /// What was given, and which files could not be read to their end.
    package struct Summary: Sendable {
        package var lines = 0
        package var damaged: [String: String] = [:]
    }

    private let fileSystem: any FileSystem
    private let filter: Filter
    private let write: (UnsafeRawBufferPointer) -> Bool
    private var summary = Summary()

    /// Gives the lines of files, file by file, or merged when one source is asked for.
    ///
    /// - `paths`: sealed or open segments.
    /// - `write`: takes a line without its line feed; false ends it all.
    package static func run(
        _ fileSystem: any FileSystem,
        paths: [String],
        filter: Filter = Filter(),
        write: @escaping (UnsafeRawBufferPointer) -> Bool
    ) throws(FileSystemError) -> Summary {
        var cat = SegmentCat(fileSystem: fileSystem, filter: filter, write: write)
        if filter.source == nil {
            try cat.inFileOrder(paths)
        } else {
            try cat.inSequenceOrder(paths)
        }
        return cat.summary
    }

    /// The sealed event files of a data folder or of folders in it, in order of their paths.
    package static func sealedPaths(
        _ fileSystem: any FileSystem,
        below folders: [String]
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        try SegmentTree.walk(fileSystem, below: folders) { (path, kind) throws(FileSystemError) in
            if kind == .sealed { paths.append(path) }
        }
        return paths
    }

    private mutating func inFileOrder(_ paths: [String]) throws(FileSystemError) {
        for path in paths {
            let cursor = try SegmentCursor(path, fileSystem, filter)
            while try cursor.advance() {
                guard emit(cursor) else { return }
            }
            note(cursor)
        }
    }

    /// Merges files by sequence number.
    ///
    /// A file is opened when its first number comes up, so those in work are the ones that overlap.
    private mutating func inSequenceOrder(_ paths: [String]) throws(FileSystemError) {
        for run in try runs(in: paths) {
            var waiting = run[...]
            var open: [SegmentCursor] = []
            while true {
                let lowest = open.indices.min { open[$0].sequence < open[$1].sequence }
                if let next = waiting.first,
                    lowest.map({ next.first < open[$0].sequence }) ?? true
                {
                    waiting = waiting.dropFirst()
                    let cursor = try SegmentCursor(next.path, fileSystem, filter)
                    if try cursor.advance() { open.append(cursor) } else { note(cursor) }
                    continue
                }
                guard let lowest else { break }
                guard emit(open[lowest]) else { return }
                if try !open[lowest].advance() { note(open.remove(at: lowest)) }
            }
        }
    }

    private struct Start {
        var path: String
        var run: [UInt8]
        var first: UInt64
        var receivedAt: Int64
    }

    /// The files that have lines to give, grouped by run, runs by time, files by first number.
    private mutating func runs(in paths: [String]) throws(FileSystemError) -> [[Start]] {
        var starts: [[UInt8]: [Start]] = [:]
        for path in paths {
            let cursor = try SegmentCursor(path, fileSystem, filter)
            guard try cursor.advance() else {
                note(cursor)
                continue
            }
            starts[cursor.run, default: []].append(
                Start(
                    path: path,
                    run: cursor.run,
                    first: cursor.sequence,
                    receivedAt: cursor.receivedAt
                )
            )
        }
        let ordered = starts.values.map { $0.sorted { $0.first < $1.first } }
        return ordered.sorted { ($0.first?.receivedAt ?? 0) < ($1.first?.receivedAt ?? 0) }
    }

    private mutating func emit(_ cursor: SegmentCursor) -> Bool {
        summary.lines += 1
        return cursor.withLine(write)
    }

    private mutating func note(_ cursor: SegmentCursor) {
        if let damage = cursor.damage { summary.damaged[cursor.path] = damage }
    }

    private init(
        fileSystem: any FileSystem,
        filter: Filter,
        write: @escaping (UnsafeRawBufferPointer) -> Bool
    ) {
        self.fileSystem = fileSystem
        self.filter = filter
        self.write = write
    }
}
