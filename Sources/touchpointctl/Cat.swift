import Archive
import ArgumentParser
import Disk
import Events
import FoundationEssentials
import Glibc
import Inspection
import Platform
import Terminal

/// The command `touchpointctl cat`.
struct CatEvents: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print events as they stand in the files, decompressed.",
        discussion: """
            Paths are segments or folders; a data folder means its events (name its quarantine \
            folder to see that). Lines come source by source, run by run, in the order of sequence \
            numbers; --unordered gives file by file, which is faster. Open segments count as far as \
            they are committed, so it works beside the daemon.

            Manifests tell which files have a source or a time; files they do not name are read. \
            When more than 128 files overlap, some of them are merged into files in $TMPDIR first. A \
            file that cannot be read to its end is named, and the others are printed.

            Exit codes: 0 done, 65 a file is damaged, 74 a file could not be read.

            Examples:
              touchpointctl cat /var/lib/touchpoint | jq -r .event
              touchpointctl cat --from 2026-11-22T10:00:00Z --to 2026-11-22T11:00:00Z data
              touchpointctl cat --source reliable --channel web data | head
              touchpointctl cat --unordered data | wc -l
              touchpointctl cat data/quarantine | jq -r .payload
            """
    )

    @Argument(help: "Segments or folders.")
    var paths = ["./touchpoint-data"]

    @Option(help: "Only events of this source.")
    var source: String?

    @Option(help: "Only events of this channel: by the folder, else by the event.")
    var channel: String?

    @Option(help: "Received at this time (RFC 3339) or later.", transform: Self.time)
    var from: Int64?

    @Option(help: "Received before this time (RFC 3339).", transform: Self.time)
    var to: Int64?

    @Flag(help: "File by file, not in the order of sequence numbers.")
    var unordered = false

    func run() throws {
        let filter = SegmentCat.Filter(
            source: source,
            channel: channel,
            from: from,
            to: to
        )
        // Paths may be in several data folders, so the file system's root is `/`.
        let disk = try openDataFolder("/")
        let output = LineOutput()
        do {
            let folders = try paths.map { try Self.path($0) }
            let segments = try folders.flatMap { try Self.segments($0, disk) }
            let summary = try SegmentCat.run(
                disk,
                paths: segments,
                filter: filter,
                options: options,
                index: try Self.index(of: folders, disk)
            ) { output.write($0) }
            output.flush()
            try end(output, summary)
        } catch let error as FileSystemError {
            output.flush()
            throw failed("cat: \(error)", Terminal.ExitCode.ioError)
        }
    }

    private var options: SegmentCat.Options {
        var options = SegmentCat.Options()
        options.inFileOrder = unordered
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        options.scratch = Self.below("\(folder)/touchpoint-cat-\(getpid())")
        return options
    }

    static func index(of folders: [String], _ disk: PosixFileSystem) throws -> SegmentIndex {
        var index = SegmentIndex()
        for folder in Set(folders.compactMap { SegmentIndex.dataFolder(of: $0, in: disk) }) {
            try index.add(disk, below: folder)
        }
        return index
    }

    private func end(_ output: LineOutput, _ summary: SegmentCat.Summary) throws {
        if let code = output.failure, code != EPIPE {
            throw failed(
                "cannot write: \(String(cString: strerror(code)))",
                Terminal.ExitCode.ioError
            )
        }
        let all = summary.damaged.merging(summary.unreadable) { _, second in second }
        for (path, why) in all.sorted(by: { $0.key < $1.key }) {
            printError("/\(path): \(why)")
        }
        if !summary.unreadable.isEmpty {
            throw ArgumentParser.ExitCode(Terminal.ExitCode.ioError)
        }
        if !summary.damaged.isEmpty { throw ArgumentParser.ExitCode(Terminal.ExitCode.badData) }
    }

    /// Parses a time into microseconds since 1970 UTC.
    ///
    /// Called while arguments are parsed, so that an error is shown with this command's usage.
    static let time: @Sendable (String) throws -> Int64 = { text in
        guard let time = Array(text.utf8).withUnsafeBytes({ Timestamp.parse($0) }) else {
            throw ValidationError("expected a time such as 2026-11-22T10:00:00Z")
        }
        return time
    }

    /// Resolves an argument to a path relative to `/` without symbolic links.
    static func path(_ argument: String) throws -> String {
        let real = URL(fileURLWithPath: argument).resolvingSymlinksInPath().path
        guard FileManager.default.fileExists(atPath: real) else {
            throw failed("\(argument): no such file or folder", Terminal.ExitCode.ioError)
        }
        return below(real)
    }

    private static func below(_ path: String) -> String { String(path.drop { $0 == "/" }) }

    /// Returns the segments at a path: the file itself, or those in the folder.
    static func segments(_ path: String, _ disk: PosixFileSystem) throws -> [String] {
        var isFolder = false
        _ = FileManager.default.fileExists(atPath: "/\(path)", isDirectory: &isFolder)
        guard isFolder else { return [path] }
        let events = DiskPath.join(path, SegmentFormat.events)
        return try SegmentCat.paths(disk, below: [disk.exists(events) ? events : path])
    }
}
