import Disk
import SegmentSupport
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
        let disk = try FaultyDisk(directory: folder.path)
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
        #expect(DiskPath.parts(path).count == 4 && DiskPath.isBelow("events", path))
        #expect(
            !DiskPath.isBelow("events/a", "events/ab/c") && !DiskPath.isBelow("events", "events")
        )
        let folder = try TestSupport.TemporaryFolder(prefix: "touchpoint-names")
        let disk = try PosixFileSystem(directory: folder.path)
        try disk.createFolders(DiskPath.split(path).folder)
        #expect(disk.exists("events/\u{301}x/channel=\u{301}y"))
    }
}
