import Foundation
import Glibc
import TestSupport
import Testing

@testable import Disk

/// The real disk: the calls that it refuses, and their errors.
@Suite struct WritingPosixFileSystemTests {
    private let outside: TemporaryFolder
    /// Contains nothing but the disk's folder.
    private let around: TemporaryFolder
    private let disk: PosixFileSystem

    init() throws {
        outside = try TemporaryFolder(prefix: "segments-outside")
        around = try TemporaryFolder(prefix: "segments-posix")
        let folder = around.path + "/disk"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        disk = try PosixFileSystem(directory: folder)
        let link = folder + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside.path)
        try Data([1]).write(to: URL(fileURLWithPath: outside.path + "/file"))
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/filelink",
            withDestinationPath: outside.path + "/file"
        )
    }

    private func refused(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch {
            return error is FileSystemError
        }
    }

    private func put(_ path: String, _ bytes: [UInt8] = [1, 2, 3]) throws {
        let file = try disk.open(path, .createNew)
        defer { disk.close(file) }
        try disk.write(bytes, to: file)
    }

    /// An empty path is replaced by an absolute one.
    @Test(arguments: ["../x", "a/../../x", "link/x", "", "link/../x"])
    func nothingLeadsOutOfTheFolder(path: String) throws {
        let path = path.isEmpty ? around.path + "/x" : path
        _ = try disk.createFolder("a")
        try put("a/inside")
        #expect(refused { disk.close(try disk.open(path, .createNew)) })
        #expect(refused { disk.close(try disk.open(path, .append)) })
        #expect(refused { _ = try disk.createFolder(path) })
        #expect(refused { try disk.rename("a/inside", to: path) })
        #expect(refused { try disk.remove("link/file") })
        #expect(refused { try disk.syncFolder("link") })
        #expect(refused { try disk.rename("link/file", to: "a/stolen") })
        #expect(!disk.exists("link/file"))
        let names = try FileManager.default.contentsOfDirectory(atPath: outside.path)
        #expect(names == ["file"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: around.path) == ["disk"])
    }

    @Test func aLinkIsNotFollowedToItsFile() {
        #expect(refused { disk.close(try disk.open("filelink", .read)) })
        #expect(refused { disk.close(try disk.open("filelink", .append)) })
        #expect(refused { _ = try disk.list("link") })
    }

    @Test func filesAreWrittenReadTruncatedAndSized() throws {
        try put("f", [1, 2, 3, 4])
        let file = try disk.open("f", .modify)
        defer { disk.close(file) }
        #expect(try disk.size(file) == 4)
        try disk.truncate(file, to: 2)
        try disk.write([9], to: file)
        try disk.datasync(file)
        var buffer = [UInt8](repeating: 0, count: 8)
        let count = try buffer.withUnsafeMutableBytes { try disk.read(file, at: 1, into: $0) }
        #expect(Array(buffer[..<count]) == [2, 9])
        #expect(try buffer.withUnsafeMutableBytes { try disk.read(file, at: 3, into: $0) } == 0)
    }

    @Test func renameNeverReplaces() throws {
        try put("a", [1])
        try put("b", [2])
        do {
            try disk.rename("a", to: "b")
            Issue.record("replaced")
        } catch {
            #expect(error.isTaken && error.path == "a to b")
        }
        try disk.rename("a", to: "c")
        #expect(!disk.exists("a") && disk.exists("b") && disk.exists("c"))
        #expect(refused { try disk.rename("missing", to: "d") })
    }

    @Test func newFilesAreNewAndFoldersMayExist() throws {
        try put("a")
        do {
            try put("a")
            Issue.record("opened twice")
        } catch let error as FileSystemError {
            #expect(error.isTaken && error.operation == .open && error.path == "a")
        }
        #expect(try disk.createFolder("d") && !disk.createFolder("d"))
        #expect(refused { _ = try disk.createFolder("no/d") })
        #expect(refused { try disk.remove("none") })
        try disk.remove("a")
        #expect(!disk.exists("a") && disk.exists("d") && !disk.exists("d/x"))
    }

    @Test func listsNamesSortedAndAMissingFolderHasNone() throws {
        _ = try disk.createFolder("d")
        for name in ["b", ".a", "c"] { try put("d/\(name)") }
        _ = try disk.createFolder("d/e")
        let entries = try disk.list("d")
        #expect(entries.map(\.name) == [".a", "b", "c", "e"])
        #expect(entries.map(\.isFolder) == [false, false, false, true])
        #expect(try disk.list("none").isEmpty)
        #expect(try disk.list("").map(\.name) == ["d", "filelink", "link"])
        #expect(refused { _ = try disk.list("d/b") })
    }

    @Test func errorsNameOperationPathAndCause() {
        do {
            disk.close(try disk.open("no/such", .read))
            Issue.record("opened")
        } catch {
            #expect(error.isMissing)
            #expect(error.description == "open no/such: No such file or directory")
        }
    }

    @Test func roomIsReservedBehindTheEndAndGivenBack() throws {
        let file = try disk.open("reserved", .createNew)
        defer { disk.close(file) }
        func blocks() -> Int {
            var status = stat()
            fstat(file.number, &status)
            return Int(status.st_blocks) * 512
        }
        try disk.write([1, 2, 3], to: file)
        try disk.reserve(file, from: 0, count: 1 << 20)
        #expect(try disk.size(file) == 3)
        #expect(blocks() >= 1 << 20)
        disk.releaseReserved(file)
        #expect(blocks() < 1 << 20)
        #expect(try disk.bytes(of: file, at: 0, count: 10) == [1, 2, 3])
        do throws(FileSystemError) {
            try disk.reserve(file, from: 0, count: 1 << 60)
            Issue.record("there is room for an exbibyte")
        } catch {
            #expect(error.operation == .allocate)
        }
        #expect(!disk.isOnOtherDevice("") && !disk.isOnOtherDevice("none"))
    }

    @Test func theDiskHasSpace() throws {
        let space = try disk.space()
        #expect(space.totalBytes >= space.availableBytes && space.totalBytes > 0)
        #expect(space.availableFiles.map { $0 > 0 } ?? true)
    }
}
