import Archive
import ArgumentParser
import Disk
import Foundation
import Recovery
import Simulation
import Terminal
import TestSupport

/// A real folder full of open segments, as many partitions leave after a crash.
struct ManyFiles {
    let number: Int

    func run() throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-recovery")
        let disk = try PosixFileSystem(directory: folder.path)
        var random = SeededGenerator(seed: 1)
        var events = 0
        var bytes = 0
        for index in 0..<number {
            let segment = WrittenSegment(using: &random)
            events += segment.committed(before: segment.bytes.count)
            bytes += segment.bytes.count
            try write(segment, index, to: disk)
        }
        let watch = StopWatch()
        var descriptors = 0
        let report = try recover(disk) { descriptors = max(descriptors, Self.openDescriptors()) }
        let seconds = watch.seconds
        let again = try recover(disk) {}
        guard report.files.count == number, report.events == events, !report.hasDamage,
            again.files.isEmpty, again.entriesAdded.isEmpty
        else {
            print("FAILED: \(report.files.count) files, \(report.events) of \(events) events")
            throw ArgumentParser.ExitCode(65)
        }
        let rate = Int(Double(number) / seconds)
        let megabytes = Double(bytes) / seconds / 1e6
        print(
            "open files: \(HumanText.grouped(number)) of \(bytes / max(1, number)) bytes recovered "
                + "in \(watch.text): \(HumanText.grouped(rate)) files/s, "
                + "\(String(format: "%.1f", megabytes)) MB/s, at most \(descriptors) descriptors"
        )
        try large()
    }

    private func write(
        _ segment: WrittenSegment,
        _ index: Int,
        to disk: PosixFileSystem
    ) throws {
        let folder = "events/channel=c\(index / 100)"
        try disk.createFolders(folder)
        let name = "part-c1-0-20261122T100000.000Z-\(index).ndjson.gz"
        let file = try disk.open(Layout.openPath(forSealed: "\(folder)/\(name)"), .createNew)
        defer { disk.close(file) }
        try disk.write(segment.bytes, to: file)
    }

    /// Measures one file of the usual segment size, for the bytes per second.
    private func large() throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-recovery")
        let disk = try PosixFileSystem(directory: folder.path)
        let large = WrittenSegment(rawBytes: 400 << 20)
        try write(large, 0, to: disk)
        let watch = StopWatch()
        let report = try recover(disk) {}
        guard report.events == large.commits.last?.lines, !report.hasDamage else {
            print("FAILED: \(report.events) events of a large file")
            throw ArgumentParser.ExitCode(65)
        }
        let raw = 400.0 * 1.048576 / watch.seconds
        let packed = Double(large.bytes.count) / watch.seconds / 1e6
        print(
            "one open file: \(large.bytes.count / 1_000_000) MB, 419 MB raw: "
                + "\(String(format: "%.0f", packed)) MB/s, \(String(format: "%.0f", raw)) MB/s raw"
        )
    }

    private func recover(
        _ disk: PosixFileSystem,
        _ onProgress: () -> Void
    ) throws -> RecoveryReport {
        let folders = DurableFolders(fileSystem: disk)
        let recovery = FolderRecovery(
            fileSystem: disk,
            folders: folders,
            manifest: ManifestLog(fileSystem: disk, folders: folders, node: "c1"),
            node: "c1",
            run: "r2",
            now: { 1_795_341_600_000_000 }
        )
        return try recovery.run(try Leftovers(disk)) { _ in onProgress() }
    }

    private static func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}
