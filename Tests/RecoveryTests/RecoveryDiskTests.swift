import Archive
import Disk
import Inspection
import Recovery
import SegmentSupport
import TestSupport
import Testing

/// Recovery on the real disk, and the content that other programs read from its result.
@Suite struct RecoveryDiskTests {
    @Test func aRecoveredFileIsWholeForGzipAndForVerify() throws {
        let folder = try TemporaryFolder()
        let disk = try PosixFileSystem(directory: folder.path)
        let sample = try SegmentSample.open(events: 3000, every: 7)
        let cut = sample.bytes.count - 40
        let committed = sample.commits.last { $0.offset <= cut }?.lines ?? 0
        try disk.createFolders(DiskPath.split(SegmentSample.openPath).folder)
        let file = try disk.open(SegmentSample.openPath, .createNew)
        try disk.write(Array(sample.bytes[..<cut]), to: file)
        disk.close(file)

        var seen: [FolderRecovery.Progress] = []
        let report = try disk.recovery().run(try Leftovers(disk)) { seen.append($0) }
        #expect(report.events == committed)
        #expect(report.files.map(\.outcome) == [.cut])
        #expect(seen.last?.filesDone == 1)

        let path = folder.path + "/" + SegmentSample.path
        #expect(try runProgram("/usr/bin/gzip", ["-t", path]).exitCode == 0)
        let text = try runProgram("/usr/bin/zcat", [path]).standardOutput
        #expect(text == sample.lines[..<committed].flatMap { Array(($0 + "\n").utf8) })
        let checked = try Verify.run(disk)
        #expect(checked.findings == [])
        #expect(checked.events == committed)
    }
}
