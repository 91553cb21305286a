import ArgumentParser
import Events
import Foundation
import Glibc
import Segments
import Terminal

/// The command `touchpointctl cat`.
struct CatEvents: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print events as they stand in the files, decompressed.",
        discussion: """
            Paths are segments or folders; a data folder means its events. With --source the lines \
            come in the order of that source's sequence numbers, else file by file.

            Examples:
              touchpointctl cat /var/lib/touchpoint | jq -r .event
              touchpointctl cat --from 2026-11-22T10:00:00Z --to 2026-11-22T11:00:00Z data
              touchpointctl cat --source reliable data
            """
    )

    @Argument(help: "Segments or folders.")
    var paths = ["./touchpoint-data"]

    @Option(help: "Only events of this source, in its order.")
    var source: String?

    @Option(help: "Received at this time (RFC 3339) or later.")
    var from: String?

    @Option(help: "Received before this time (RFC 3339).")
    var to: String?

    func run() throws {
        let filter = SegmentCat.Filter(
            source: source,
            from: try time(from, "--from"),
            to: try time(to, "--to")
        )
        let root = "/"
        let disk = try openDataFolder(root)
        let output = LineOutput()
        do {
            let segments = try paths.flatMap { try Self.segments($0, disk) }
            let summary = try SegmentCat.run(disk, paths: segments, filter: filter) {
                output.write($0)
            }
            output.flush()
            if let code = output.failure, code != EPIPE {
                throw failed(
                    "cannot write: \(String(cString: strerror(code)))",
                    Terminal.ExitCode.ioError
                )
            }
            for (path, why) in summary.damaged.sorted(by: { $0.key < $1.key }) {
                writeText("touchpointctl: /\(shown(path)): \(shown(why))\n", to: 2)
            }
            if !summary.damaged.isEmpty { throw ArgumentParser.ExitCode(Terminal.ExitCode.badData) }
        } catch let error as FileSystemError {
            output.flush()
            throw failed("cat: \(error)", Terminal.ExitCode.ioError)
        }
    }

    private func time(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        guard let time = Array(text.utf8).withUnsafeBytes({ Timestamp.parse($0) }) else {
            throw ValidationError("\(option) '\(text)' is no time such as 2026-11-22T10:00:00Z")
        }
        return time
    }

    /// The segments that an argument means, as paths below `/` without links.
    private static func segments(_ argument: String, _ disk: PosixFileSystem) throws -> [String] {
        let real = URL(fileURLWithPath: argument).resolvingSymlinksInPath().path
        let path = String(real.drop { $0 == "/" })
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: real, isDirectory: &isFolder) else {
            throw failed("\(argument): no such file or folder", Terminal.ExitCode.ioError)
        }
        guard isFolder.boolValue else { return [path] }
        let events = Layout.join(path, Layout.events)
        return try SegmentCat.sealedPaths(disk, below: [disk.exists(events) ? events : path])
    }
}

/// Collects lines and writes them to standard output in large pieces.
private final class LineOutput {
    private static let bufferBytes = 256 << 10
    private var buffer: [UInt8] = []
    /// The errno of the write that failed.
    private(set) var failure: Int32?

    func write(_ line: UnsafeRawBufferPointer) -> Bool {
        buffer += line
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferBytes { flush() }
        return failure == nil
    }

    func flush() {
        var rest = buffer[...]
        while !rest.isEmpty, failure == nil {
            let written = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno != EINTR { failure = errno }
            } else {
                rest = rest.dropFirst(written)
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
