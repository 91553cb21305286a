import Archive
package import Disk
import Events

/// Streams the lines of segments, for people and pipes.
///
/// It changes nothing, and may run beside the daemon. Files that cannot be read are recorded, and
/// the others are written. Memory: some 300 KiB per open file, of which there are at most
/// ``Options/openMax``, and some 200 bytes per file.
package struct SegmentCat {
    /// The lines to select.
    package struct Filter: Sendable {
        /// Of one source only.
        package var source: String?
        /// Of one channel only: by the folder, or if that does not determine it, by the event.
        package var channel: String?
        /// Received at or after this, and before that; microseconds since 1970.
        package var from: Int64?
        package var to: Int64?

        package init(
            source: String? = nil,
            channel: String? = nil,
            from: Int64? = nil,
            to: Int64? = nil
        ) {
            self.source = source
            self.channel = channel
            self.from = from
            self.to = to
        }
    }

    package struct Options: Sendable {
        /// File by file in the given order, instead of source by source, run by run, in the order
        /// of sequence numbers.
        package var inFileOrder = false
        /// Files read at a time.
        package var openMax = 128
        /// The path prefix of temporary files, used if more files overlap than may be open; they
        /// have no name while they are read.
        package var scratch = "touchpoint-cat"

        package init() {}
    }

    /// The number of lines written, and the files that could not be read to their end.
    package struct Summary: Sendable {
        package var lines = 0
        package var damaged: [String: String] = [:]
        /// Files that the disk refused to read.
        package var unreadable: [String: String] = [:]
    }

    let fileSystem: any FileSystem
    let filter: Filter
    let options: Options
    private let write: (UnsafeRawBufferPointer) -> Bool
    var summary = Summary()
    var scratchFiles = 0

    /// Writes the lines of files.
    ///
    /// - `paths`: sealed or open segments.
    /// - `write`: receives a line without its line feed; returns false to stop.
    /// - Throws: only errors of temporary files.
    package static func run(
        _ fileSystem: any FileSystem,
        paths: [String],
        filter: Filter = Filter(),
        options: Options = Options(),
        index: SegmentIndex = SegmentIndex(),
        write: @escaping (UnsafeRawBufferPointer) -> Bool
    ) throws(FileSystemError) -> Summary {
        var cat = SegmentCat(
            fileSystem: fileSystem,
            filter: filter,
            options: options,
            write: write
        )
        let paths = paths.filter { filter.mayAdmit(path: $0) && index.mayHave(filter, in: $0) }
        if options.inFileOrder {
            try cat.inFileOrder(paths)
        } else {
            try cat.inSequenceOrder(paths, index)
        }
        return cat.summary
    }

    /// Returns the event files of folders, in order of their paths: sealed and open ones.
    package static func paths(
        _ fileSystem: any FileSystem,
        below folders: [String]
    ) throws(FileSystemError) -> [String] {
        var paths: [String] = []
        try SegmentTree.walk(fileSystem, below: folders) { (path, kind) throws(FileSystemError) in
            // Recovery was about to remove an open file beside its sealed one.
            let isCopied =
                kind == .open
                && Layout.sealedPath(forOpen: path).map(fileSystem.exists) == true
            if kind == .sealed || kind == .open, !isCopied { paths.append(path) }
        }
        return paths
    }

    private mutating func inFileOrder(_ paths: [String]) throws(FileSystemError) {
        for path in paths {
            guard let cursor = open(path) else { continue }
            while advance(cursor) {
                guard try emit(cursor) else { return }
            }
        }
    }

    /// Opens a file, or throws why not; an open segment that has been sealed meanwhile is opened
    /// as the sealed one.
    func openCursor(
        _ path: String,
        _ run: RunIndex.Run?
    ) throws(FileSystemError) -> SegmentCursor {
        do throws(FileSystemError) {
            return try SegmentCursor(path, in: fileSystem, filter: filter, run: run)
        } catch {
            guard error.isMissing, let sealed = Layout.sealedPath(forOpen: path) else {
                throw error
            }
            return try SegmentCursor(sealed, in: fileSystem, filter: filter, run: run)
        }
    }

    mutating func open(_ path: String, run: RunIndex.Run? = nil) -> SegmentCursor? {
        do throws(FileSystemError) {
            return try openCursor(path, run)
        } catch {
            summary.unreadable[path] = "\(error)"
            return nil
        }
    }

    /// Advances to the next line; returns false at the end, or after an error.
    mutating func advance(_ cursor: SegmentCursor) -> Bool {
        do throws(FileSystemError) {
            if try cursor.advance() { return true }
            if let damage = cursor.damage { summary.damaged[cursor.path] = damage }
        } catch {
            summary.unreadable[cursor.path] = "\(error)"
        }
        return false
    }

    mutating func emit(_ cursor: SegmentCursor) throws(FileSystemError) -> Bool {
        summary.lines += 1
        let write = write
        return try cursor.withLine { (line) throws(FileSystemError) in write(line) }
    }

    private init(
        fileSystem: any FileSystem,
        filter: Filter,
        options: Options,
        write: @escaping (UnsafeRawBufferPointer) -> Bool
    ) {
        self.fileSystem = fileSystem
        self.filter = filter
        self.options = options
        self.write = write
    }
}

extension SegmentCat.Filter {
    func admits(_ line: borrowing WrittenLine, in path: String) -> Bool {
        if let from, line.receivedAt < from { return false }
        if let to, line.receivedAt >= to { return false }
        if let channel, !Self.tells(path), !channel.utf8.elementsEqual(line.channel) {
            return false
        }
        guard let source else { return true }
        return source.utf8.elementsEqual(line.source)
    }

    /// Whether the folders of a file rule it out.
    func mayAdmit(path: String) -> Bool {
        guard let channel, Self.tells(path), let value = Self.channelFolder(of: path) else {
            return true
        }
        return HiveValue.isName(value, of: channel)
    }

    /// Whether the folder determines the channel of its events: not if it is for all others.
    private static func tells(_ path: String) -> Bool {
        channelFolder(of: path).map { $0 != HiveValue.other } ?? false
    }

    private static func channelFolder(of path: String) -> String? {
        let key = "channel=".utf8
        guard let folder = DiskPath.parts(path).last(where: { $0.utf8.starts(with: key) }) else {
            return nil
        }
        return String(decoding: folder.utf8.dropFirst(key.count), as: UTF8.self)
    }
}
