import Archive
import ArgumentParser
import Disk
import Events
import Glibc
import Inspection
import Producer
import Terminal

/// The events of data folders and of files, one after another, with a progress bar.
struct EventFiles {
    let paths: [String]
    /// Receipt times, of data folders only.
    let from: Int64?
    let to: Int64?

    /// Calls `body` with each event, and what tells its place.
    ///
    /// - Returns: the exit code for what could not be read, after it was named.
    func each(
        _ body: @escaping (UnsafeRawBufferPointer, _ place: () -> String) -> Void
    ) throws -> Int32 {
        let folders = paths.filter { $0 != "-" && Self.isFolder($0) }
        let files = paths.filter { $0 == "-" || !Self.isFolder($0) }
        if !files.isEmpty, from != nil || to != nil {
            throw failed(
                "--from and --to are for data folders: \(files[0]) has no receipt times",
                Terminal.ExitCode.usage
            )
        }
        let progress = ReadingProgress()
        let codes = [
            try eachOfFolders(folders, showing: progress, body),
            try eachOfFiles(files, showing: progress, body),
        ]
        progress.finish()
        return codes.max() ?? Terminal.ExitCode.done
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func eachOfFolders(
        _ folders: [String],
        showing progress: ReadingProgress,
        _ body: @escaping (UnsafeRawBufferPointer, () -> String) -> Void
    ) throws -> Int32 {
        guard !folders.isEmpty else { return Terminal.ExitCode.done }
        let disk = try openDataFolder("/")
        var options = SegmentCat.Options()
        options.inFileOrder = true
        let place = LinePlace()
        do {
            let below = try folders.map { try CatEvents.path($0) }
            let summary = try SegmentCat.run(
                disk,
                paths: try below.flatMap { try CatEvents.segments($0, disk) },
                filter: SegmentCat.Filter(from: from, to: to),
                options: options,
                index: try CatEvents.index(of: below, disk)
            ) { line in
                body(line) { place.text(of: line) }
                progress.count()
                return true
            }
            let all = summary.damaged.merging(summary.unreadable) { _, second in second }
            for (path, why) in all.sorted(by: { $0.key < $1.key }) {
                printError("/\(path): \(why)")
            }
            if !summary.unreadable.isEmpty { return Terminal.ExitCode.ioError }
            return summary.damaged.isEmpty ? Terminal.ExitCode.done : Terminal.ExitCode.badData
        } catch let error as FileSystemError {
            throw failed("\(error)", Terminal.ExitCode.ioError)
        }
    }

    private func eachOfFiles(
        _ files: [String],
        showing progress: ReadingProgress,
        _ body: (UnsafeRawBufferPointer, () -> String) -> Void
    ) throws -> Int32 {
        guard !files.isEmpty else { return Terminal.ExitCode.done }
        let source = FileSource(paths: files)
        var event: [UInt8] = []
        var code = Terminal.ExitCode.done
        do throws(ProducerError) {
            while true {
                event.removeAll(keepingCapacity: true)
                let isThere = try source.appendNext(to: &event)
                for refusal in source.takeRefusals() {
                    printError("\(refusal)")
                    code = Terminal.ExitCode.badData
                }
                guard isThere else { return code }
                event.withUnsafeBytes { bytes in
                    body(bytes) { source.place.map { "\($0.path):\($0.line)" } ?? "" }
                }
                progress.count()
            }
        } catch {
            throw failed("\(error)", Terminal.ExitCode.ioError)
        }
    }
}

/// Tells where a stored line is: source, run and number.
private final class LinePlace {
    private var reader = WrittenLineReader()
    private var line = WrittenLine()

    func text(of bytes: UnsafeRawBufferPointer) -> String {
        guard reader.read(bytes, into: &line) else { return "" }
        let source = String(decoding: line.source, as: UTF8.self)
        let run = String(decoding: line.run, as: UTF8.self)
        return "\(source)/\(run)/\(line.sequence)"
    }
}

/// A progress bar that closures share.
private final class ReadingProgress {
    private var bar = ProgressBar(label: "reading")
    private var done = 0

    func count() {
        done += 1
        if done & 255 == 0 { bar.update(done) }
    }

    func finish() { bar.finish(done) }
}
