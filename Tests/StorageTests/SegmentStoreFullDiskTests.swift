import Glibc
import SegmentSupport
import Synchronization
import Testing

@testable import Disk
@testable import Storage

/// A full disk is waited for; nothing is lost or written twice.
@Suite struct SegmentStoreFullDiskTests {
    @Test(arguments: [ENOSPC, EDQUOT, EMFILE])
    func writingGoesOnWhereItStopped(code: Int32) throws {
        let waits = Mutex(0)
        let bench = try WritingBench(waitForRoom: { error in
            #expect(error.isFull && error.path.contains("channel="))
            waits.withLock { $0 += 1 }
            return true
        })
        for taken in [0, 1, 7, 100, 1_000_000] {
            bench.disk.fail(.write, suffix: ".open", code: code, times: 2, taken: taken)
            for number in 0..<2_000 { try bench.put(#"{"n":\#(number &* 7_919 % 10_007)}"#) }
            try bench.commit()
        }
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(waits.withLock { $0 } == 10)
        #expect(try bench.checkSealed() == 1)
    }

    @Test(arguments: [FileSystemError.Operation.createFolder, .open], [ENOSPC, EROFS, EIO])
    func openingWaitsToo(operation: FileSystemError.Operation, code: Int32) throws {
        let waits = Mutex(0)
        let bench = try WritingBench(waitForRoom: { _ in
            waits.withLock { $0 += 1 }
            return true
        })
        bench.disk.fail(operation, code: code, times: 3)
        try bench.put("{}")
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(waits.withLock { $0 } == 3)
        #expect(try bench.checkSealed() == 1)
    }

    @Test func whoDoesNotWaitGetsTheErrorWithItsPath() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        bench.disk.fail(.write, code: ENOSPC)
        do {
            _ = try bench.store.takeBatch()
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.operation == .write && error.isFull && error.path.hasSuffix(".ndjson.gz"))
            #expect(error.description.contains("No space left on device"))
        }
    }
}
