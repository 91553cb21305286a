import Archive
import Disk
import Inspection
import TestSupport
import Testing

/// Names that are equal text in Swift, but two folders on the disk.
@Suite struct FolderNameTests {
    private static let composed = "events/channel=caf\u{e9}"
    private static let decomposed = "events/channel=cafe\u{301}"

    @Test func keysAreTheSameOnlyByTheirBytes() {
        #expect(Self.composed == Self.decomposed, "Swift takes them for one")
        #expect(PathKey(Self.composed) != PathKey(Self.decomposed))
        #expect(Set([PathKey(Self.composed), PathKey(Self.decomposed)]).count == 2)
        #expect(PathKey(Self.decomposed) < PathKey(Self.composed))
        #expect(PathKey("a") == PathKey("a") && !(PathKey("a") < PathKey("a")))
    }

    /// A folder mistaken for another one would never be synced, and lost at a power cut.
    @Test func eachFolderIsMadeDurable() throws {
        let folder = try TestSupport.TemporaryFolder(prefix: "touchpoint-names")
        let disk = try WritingDisk(directory: folder.path)
        let folders = DurableFolders(fileSystem: disk)
        try folders.ensure(Self.composed)
        disk.clearLog()
        try folders.ensure(Self.decomposed)
        #expect(disk.log.contains { $0.utf8.elementsEqual("createFolder \(Self.decomposed)".utf8) })
        #expect(disk.log.contains("syncFolder events"))
        disk.clearLog()
        try folders.ensure(Self.decomposed)
        #expect(disk.log.isEmpty)
    }

    /// Taken as characters, an accent joins the separator before it.
    @Test func pathsAreTakenApartByBytes() throws {
        let path = "events/\u{301}x/channel=\u{301}y/part-c1-0-20261122T100000.000Z-0.ndjson.gz"
        #expect(DiskPath.parts(path).count == 4 && DiskPath.isBelow(SegmentFormat.events, path))
        #expect(
            !DiskPath.isBelow("events/a", "events/ab/c") && !DiskPath.isBelow("events", "events")
        )
        let folder = try TestSupport.TemporaryFolder(prefix: "touchpoint-names")
        let disk = try PosixFileSystem(directory: folder.path)
        try disk.createFolders(DiskPath.split(path).folder)
        #expect(disk.exists("events/\u{301}x/channel=\u{301}y"))
    }

    @Test func linesOfAChannelAreFoundByOldAndNewNamesOfItsFolder() throws {
        let folder = try TestSupport.TemporaryFolder(prefix: "touchpoint-names")
        let disk = try PosixFileSystem(directory: folder.path)
        let names = ["caf\u{e9}", "caf%C3%A9", "cafe\u{301}", "other"]
        for (index, name) in names.enumerated() {
            let path = "events/channel=\(name)/part-c1-\(index)-20261122T100000.000Z-0.ndjson.gz"
            try disk.createFolders(DiskPath.split(path).folder)
            let file = try disk.open(path, .createNew)
            try disk.write(
                try SegmentSample.sealed(events: 2, from: 1 + 10 * index).bytes,
                to: file
            )
            disk.close(file)
        }
        var lines: [String] = []
        _ = try SegmentCat.run(
            disk,
            paths: try SegmentCat.paths(disk, below: [SegmentFormat.events]),
            filter: SegmentCat.Filter(channel: "caf\u{e9}")
        ) {
            lines.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        #expect(lines == [1, 2, 11, 12].map { SegmentSample.line($0) })
    }
}
