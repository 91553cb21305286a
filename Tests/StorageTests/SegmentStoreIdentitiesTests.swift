import Dedup
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Recovery
@testable import Storage

/// The files of ids that a store writes beside its segments.
@Suite struct SegmentStoreIdentitiesTests {
    private func read(_ bench: WritingBench) throws -> (IdentityFileReader.Outcome, Int)? {
        guard let name = try IdentitySweep.names(bench.disk).first else { return nil }
        var count = 0
        let path = DiskPath.join(SegmentFormat.identities, name)
        let contents = IdentityFileReader.Contents.of(check: 0)
        let outcome = try IdentityFileReader.read(path, in: bench.disk, contents: contents) { _ in
            count += 1
        }
        return (outcome, count)
    }

    /// Files `count` events with ids in the bench's one segment.
    private func put(_ count: Int, in bench: WritingBench, noting: Bool = true) throws {
        for number in 0..<count {
            try bench.put(#"{"messageId":"\#(number)"}"#)
            guard noting else { continue }
            let identity = PackedIdentity(first: UInt64(number), second: 1)
            bench.store.identities[bench.written.slot ?? 0].add(
                identity,
                content: 1,
                scope: IdentityScope(source: 0),
                receivedAt: bench.wall
            )
        }
    }

    private func commit(_ bench: WritingBench) throws {
        let batch = try bench.store.takeBatch()
        _ = try bench.committer.commit(batch)
        batch.writeIdentities(in: bench.disk)
    }

    @Test func aSealedSegmentHasAWholeFileOfIds() throws {
        let bench = try WritingBench()
        bench.store.configuration.deduplicated = [0]
        for _ in 0..<5 {
            try put(1_000, in: bench)
            try commit(bench)
        }
        let open = try #require(try read(bench))
        guard case .damaged = open.0 else {
            Issue.record("\(open.0)")
            return
        }
        #expect(open.1 >= 4_000)
        _ = try bench.store.seal(prefix: "")
        try commit(bench)
        let sealed = try #require(try read(bench))
        let name = bench.store.configuration.sources[0]
        #expect(sealed.0 == .whole(IdentityEnd(ids: 5_000, lastSeconds: 1_763_805_600), [name]))
        #expect(sealed.1 == 5_000)
    }

    /// If an event in the segment is missing in the list, the file lacks its end.
    @Test func aListThatMissedAnEventGivesNoWholeFile() throws {
        let bench = try WritingBench()
        bench.store.configuration.deduplicated = [0]
        try put(1_500, in: bench)
        try commit(bench)
        try put(1, in: bench, noting: false)
        _ = try bench.store.seal(prefix: "")
        try commit(bench)
        let found = try #require(try read(bench))
        guard case .damaged = found.0 else {
            Issue.record("\(found.0)")
            return
        }
    }

    @Test func aSourceWithoutDedupHasNoFile() throws {
        let bench = try WritingBench()
        try put(10, in: bench, noting: false)
        _ = try bench.store.seal(prefix: "")
        try commit(bench)
        #expect(try read(bench) == nil)
    }
}
