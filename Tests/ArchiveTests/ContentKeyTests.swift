import Events
import Foundation
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive
@testable import Disk

@Suite struct ContentKeyTests {
    @Test func isTheSameUntilItIsGoneOrDamaged() throws {
        let disk = SimulatedDisk()
        let key = try ContentKey.load(in: disk)
        #expect(try ContentKey.load(in: disk) == key)
        let bytes = try #require(disk.files[SegmentFormat.contentKey])
        for count in bytes.indices {
            disk.put(Array(bytes[..<count]), at: SegmentFormat.contentKey)
            #expect(try ContentKey.load(in: disk) != key, "cut at \(count)")
        }
        for at in bytes.indices {
            var flipped = bytes
            flipped[at] ^= 4
            disk.put(flipped, at: SegmentFormat.contentKey)
            #expect(try ContentKey.load(in: disk) != key, "byte \(at)")
        }
        disk.put(bytes, at: SegmentFormat.contentKey)
        #expect(try ContentKey.load(in: disk) == key)
        // An incomplete file from before a crash does not prevent it.
        disk.remove(path: SegmentFormat.contentKey)
        disk.put([1], at: SegmentFormat.contentKey + ".new")
        let second = try ContentKey.load(in: disk)
        #expect(second != key)
        #expect(try ContentKey.load(in: disk) == second)
    }

    @Test func onlyTheDaemonMayReadIt() throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-key")
        let fileSystem = try PosixFileSystem(directory: folder.path)
        let key = try ContentKey.load(in: fileSystem)
        #expect(try ContentKey.load(in: fileSystem) == key)
        let path = "\(folder.path)/\(SegmentFormat.contentKey)"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try fileSystem.list(SegmentFormat.identities).map(\.name) == ["key"])
    }
}
