import Archive
import Compression
import Disk
import Events
import Foundation
import Ring
import Storage

/// Deflates spliced lines in steps of a full pending buffer, with a flush at the end, as a commit
/// does.
struct DeflateStage: Stage, ~Copyable {
    /// The size to which `SegmentStore` lets a busy segment's pending buffer grow.
    private static let stepBytes = 128 << 10
    private var encoder: GzipEncoder
    private let lines = EventInputs.lines
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)

    init(_ engine: Engine, level: Int) throws {
        encoder = try GzipEncoder(engine: engine, level: level)
    }

    deinit {
        output.deallocate()
    }

    mutating func run(_ iterations: Int) -> Int {
        var produced = 0
        for _ in 0..<iterations {
            var at = 0
            while at < lines.count {
                let end = min(at + Self.stepBytes, lines.count)
                let piece = UnsafeRawBufferPointer(rebasing: lines[at..<end])
                produced += deflate(piece, flush: end == lines.count ? .sync : .none)
                at = end
            }
        }
        return produced
    }

    private mutating func deflate(_ bytes: UnsafeRawBufferPointer, flush: Flush) -> Int {
        var input = bytes
        var produced = 0
        while true {
            let step = encoder.step(input, flush: flush, into: output)
            input = UnsafeRawBufferPointer(rebasing: input[step.consumed...])
            produced += step.produced
            if step.isComplete { return produced }
        }
    }
}

/// Commits one line at a time to a real folder: the fixed cost of a commit.
///
/// The folder is the one for temporary files: TMPDIR chooses the disk.
struct CommitStage: Stage, ~Copyable {
    private let folder: URL
    private let committer: SegmentCommitter
    private var segments: BenchSegments
    private let line: UnsafeRawBufferPointer
    private var sequence: UInt64 = 0

    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stage-bench-\(UUID().uuidString)")
        let disk = try PosixFileSystem(directory: folder.path)
        let folders = DurableFolders(fileSystem: disk)
        segments = try BenchSegments(disk)
        self.folder = folder
        committer = SegmentCommitter(
            fileSystem: disk,
            folders: folders,
            manifest: ManifestLog(fileSystem: disk, folders: folders, node: BenchSegments.node),
            waitForRoom: { _ in false }
        )
        line = UnsafeRawBufferPointer(rebasing: EventInputs.lines[..<EventInputs.eventBytes])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    mutating func run(_ iterations: Int) throws -> Int {
        var sealed = 0
        for _ in 0..<iterations {
            let slot = try segments.slot(for: EventInputs.views[0], eventTime: nil)
            let pending = segments.store.pendings + slot
            if pending.pointee.room < line.count {
                try segments.store.makeRoom(line.count, in: slot)
            }
            sequence += 1
            UnsafeMutableRawBufferPointer(start: pending.pointee.end, count: line.count)
                .copyMemory(from: line)
            pending.pointee.add(
                line.count,
                source: 0,
                sequence: sequence,
                receivedAt: EventInputs.receivedAt,
                eventTime: nil
            )
            var batch = try segments.store.takeBatch()
            sealed += try committer.commit(&batch).count
            segments.store.forgetHeld(durable: segments.store.lastCommit)
        }
        return Int(sequence) + sealed
    }
}
