import Foundation
import TestSupport
import Testing

@testable import Disk

@Suite struct DiskReserveTests {
    @Test func holdsRoomAndGivesItBackOnce() throws {
        let folder = try TemporaryFolder(prefix: "segments-reserve")
        let disk = try PosixFileSystem(directory: folder.path)
        let reserve = DiskReserve(fileSystem: disk)
        #expect(!reserve.release())
        try reserve.hold()
        try reserve.hold()
        let path = folder.path + "/" + DiskReserve.path
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(try size == reserve.byteCount(disk.space()))
        #expect(reserve.release())
        #expect(!reserve.release() && !FileManager.default.fileExists(atPath: path))
        // The reserve of an earlier run is taken over.
        try reserve.hold()
        try DiskReserve(fileSystem: disk).hold()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [(0, 64 << 10), (16 << 20, 256 << 10), (1 << 40, 8 << 20)])
    func isSmallOnSmallDevices(total: Int, expected: Int) throws {
        let folder = try TemporaryFolder(prefix: "segments-reserve")
        let reserve = DiskReserve(fileSystem: try PosixFileSystem(directory: folder.path))
        let space = DiskSpace(totalBytes: UInt64(total), availableBytes: 0)
        #expect(reserve.byteCount(space) == expected)
    }
}
