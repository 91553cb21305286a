import Compression
import Events
import Foundation
import Glibc
import SegmentSupport
import TestSupport
import Testing

@testable import Archive
@testable import Disk
@testable import Storage

/// Opening, deflating, committing and sealing on a real disk, read back with other programs.
@Suite struct SegmentStoreTests {
    private func event(_ number: Int, padding: Int = 0) -> String {
        let time = "2025-11-22T09:\(10 + number % 50):00Z"
        let text = String(repeating: "x", count: padding)
        return #"{"type":"track","timestamp":"\#(time)","n":\#(number),"pad":"\#(text)"}"#
    }

    @Test(arguments: Engine.allCases)
    func sealedFilesHoldWhatWasPutIn(engine: Engine) throws {
        let bench = try WritingBench(engine: engine)
        for round in 0..<20 {
            for number in 0..<50 {
                try bench.put(
                    event(number, padding: round * 10),
                    channel: ["web", "app", "a/b"][number % 3]
                )
            }
            try bench.commit()
        }
        #expect(try bench.store.seal(prefix: "") == 3)
        let sealed = try bench.commit()
        #expect(sealed.count == 3 && sealed.reduce(0) { $0 + $1.events } == 1_000)
        #expect(try bench.checkSealed() == 3)
        #expect(bench.disk.opened == 0 && bench.store.openCount == 0)
    }

    @Test func theManifestTellsTimesAndSequences() throws {
        let bench = try WritingBench()
        try bench.put(#"{"time":"2025-11-22T08:00:00Z"}"#)
        bench.pass(seconds: 5)
        try bench.put(#"{"time":"2025-11-22T07:00:00.5Z"}"#)
        bench.pass(seconds: 1)
        try bench.put(#"{"time":"none"}"#)
        _ = try bench.store.seal(prefix: "events/channel=web/")
        try bench.commit()
        let entry = try #require(try bench.manifest().first)
        #expect(entry.firstReceivedAt == "2025-11-22T10:00:00.000000Z")
        #expect(entry.lastReceivedAt == "2025-11-22T10:00:06.000000Z")
        #expect(entry.firstEventTime == "2025-11-22T07:00:00.500000Z")
        #expect(entry.lastEventTime == "2025-11-22T08:00:00.000000Z")
        #expect(entry.sealedAt == "2025-11-22T10:00:06.000000Z" && entry.reason == .drain)
        #expect(
            entry.sequences == [
                ManifestEntry.Sequence(source: "s", run: "r1", events: 3, first: 1, last: 3)
            ]
        )
        #expect(entry.node == "c1" && entry.run == "r1" && entry.version == 1)
    }

    @Test func anOpenFileIsHiddenAndReadableUpToItsLastCommit() throws {
        let bench = try WritingBench()
        for number in 0..<500 { try bench.put(event(number)) }
        try bench.commit()
        let committed = try #require(bench.lines.values.first)
        try bench.put(event(501))
        let files = try bench.files()
        try #require(files.count == 1)
        let name = DiskPath.split(files[0]).name
        #expect(
            name.hasPrefix(".part-c1-0-20251122T100000.000Z-") && name.hasSuffix(".ndjson.gz.open")
        )
        #expect(Layout.sealedPath(forOpen: files[0]) == bench.lines.keys.first)
        let zcat = try runProgram("/usr/bin/zcat", [], input: try bench.bytes(files[0]))
        // The stream has no end yet, which zcat reports after it has written everything.
        #expect(zcat.exitCode != 0 && zcat.standardOutput == committed)
    }

    @Test func aCommitWithNothingNewIsEmpty() throws {
        let bench = try WritingBench()
        #expect(try bench.store.takeBatch().isEmpty)
        try bench.put(event(1))
        let batch = try bench.store.takeBatch()
        #expect(!batch.isEmpty && batch.dirty.count == 1 && batch.dirty[0].newNameIn != nil)
        #expect(try bench.store.takeBatch().isEmpty)
        try bench.put(event(2))
        let second = try bench.store.takeBatch()
        #expect(second.dirty.count == 1 && second.dirty[0].newNameIn == nil)
    }

    /// A full flush every mebibyte: a decoder that starts there needs no earlier data.
    @Test func aDamagedFileCanBeReadOnFromAFullFlush() throws {
        let bench = try WritingBench()
        var number = 0
        while bench.store.rawBytes < 5 << 20 {
            try bench.put(event(number, padding: 400))
            number += 1
        }
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        try bench.checkSealed()
        let path = try #require(bench.lines.keys.first)
        let raw = try #require(bench.lines[path])
        let file = try bench.bytes(path)
        var resumed: [Int] = []
        for at in 10..<(file.count - 4) where Array(file[at..<(at + 4)]) == GzipFraming.flushMarker
        {
            if let offset = resume(file, from: at + 4, raw) { resumed.append(offset) }
        }
        let gaps = zip(resumed, resumed.dropFirst()).map { $1 - $0 }
        #expect(resumed.count >= 4)
        #expect((resumed.first ?? .max) <= (1 << 20) + (300 << 10))
        #expect(gaps.allSatisfy { $0 <= (1 << 20) + (300 << 10) })
    }

    /// Returns the position in the raw bytes where a decoder that starts at `at` continues, if it
    /// returns the rest of them.
    private func resume(_ file: [UInt8], from at: Int, _ raw: [UInt8]) -> Int? {
        var decoder = GzipDecoder(format: .raw)
        var found: [UInt8] = []
        var output = [UInt8](repeating: 0, count: 1 << 20)
        var offset = at
        while true {
            let result = file[offset...].withUnsafeBytes { input in
                output.withUnsafeMutableBytes { decoder.step(input, into: $0) }
            }
            found += output[..<result.produced]
            offset += result.consumed
            guard result.state == .needsOutput else { break }
        }
        guard found.count > 1_000, raw.suffix(found.count).elementsEqual(found) else { return nil }
        return raw.count - found.count
    }

    @Test func aLineLargerThanEveryBufferIsWritten() throws {
        let bench = try WritingBench()
        try bench.put(event(1))
        try bench.put(event(2, padding: 900_000))
        try bench.put(event(3))
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 1)
    }

    @Test func namesThatAreTakenArePassedOver() throws {
        let bench = try WritingBench()
        let folder = "events/channel=web/date=2025-11-22/hour=10"
        let taken = "\(folder)/part-c1-0-20251122T100000.000Z-0.ndjson.gz"
        let open = Layout.openPath(
            forSealed: "\(folder)/part-c1-0-20251122T100000.000Z-1.ndjson.gz"
        )
        try bench.disk.createFolders(folder)
        for path in [taken, open] {
            let file = try bench.disk.open(path, .createNew)
            try bench.disk.write([1, 2, 3], to: file)
            bench.disk.close(file)
        }
        try bench.put(event(1))
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.bytes(taken) == [1, 2, 3] && bench.bytes(open) == [1, 2, 3])
        #expect(bench.lines.keys.first?.hasSuffix("-2.ndjson.gz") == true)
    }
}
