import Archive
import Compression
import Disk
import Recovery

/// A start of the daemon that only recovers, strong or weakened.
enum SimulatedRecovery {
    /// Throws the errors that a daemon would log.
    @discardableResult
    static func run(
        _ disk: SimulatedDisk,
        at wall: Int64,
        _ weakening: Weakening?
    ) throws(FileSystemError) -> RecoveryReport {
        let folders = DurableFolders(fileSystem: disk)
        let manifest = ManifestLog(fileSystem: disk, folders: folders, node: SimulatedWriter.node)
        if weakening != .tornManifestIsNotEnded { _ = try FolderRecovery.mendManifests(disk) }
        let leftovers = try Leftovers(disk)
        if weakening == .recoveryTrustsLength {
            for path in leftovers.open { addCheck(path, disk) }
        }
        let recovery = FolderRecovery(
            fileSystem: disk,
            folders: folders,
            manifest: manifest,
            node: SimulatedWriter.node,
            run: "r0",
            now: { wall }
        )
        let report = try recovery.run(leftovers)
        if weakening == .recoveryDeletesDamaged {
            for file in report.files {
                if case .damaged(let aside) = file.outcome { try disk.remove(aside) }
            }
        }
        return report
    }

    /// Adds the correct check after the last flush of a file, as if every flush were valid.
    private static func addCheck(_ path: String, _ disk: SimulatedDisk) {
        guard let number = disk.state.node(path).file,
            var reader = try? SegmentReader(path, in: disk, findsFlushPoints: true)
        else { return }
        var last: SegmentReader.FlushPoint?
        while let piece = try? reader.next() {
            if case .flushPoint(let point) = piece, point.emptyBlocks == 0 { last = point }
            if case .end(let end) = piece {
                if end == .complete { return }
                break
            }
        }
        guard let last else { return }
        disk.state.cut(number, to: last.compressedOffset)
        let check = (0..<FlushCheck.bytes).map { FlushCheck.byte($0, of: last.crc32) }
        check.withUnsafeBytes { disk.state.append($0, to: number) }
    }
}
