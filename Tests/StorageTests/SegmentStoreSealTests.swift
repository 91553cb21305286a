import Events
import Foundation
import Inspection
import SegmentSupport
import TestSupport
import Testing

@testable import Archive
@testable import Storage

/// When a segment is sealed, and why.
@Suite struct SegmentStoreSealTests {
    private func reasons(_ bench: WritingBench) throws -> [ManifestEntry.Reason] {
        try bench.commit()
        try bench.checkSealed()
        return try bench.manifest().map(\.reason)
    }

    @Test func sealsWhenItsBytesAreReached() throws {
        let bench = try WritingBench(segmentBytesMax: 2_000)
        for number in 0..<400 {
            try bench.put(#"{"n":\#(number &* 7_919 % 10_007)}"#)
            if number % 40 == 39 { try bench.commit() }
        }
        let reasons = try reasons(bench)
        #expect(!reasons.isEmpty && reasons.allSatisfy { $0 == .size })
    }

    @Test func sealsWhenItIsOld() throws {
        let bench = try WritingBench(template: "{channel}")
        for _ in 0..<30 {
            try bench.put("{}")
            try bench.sealDue()
            #expect(bench.store.sealsWait == 0)
            bench.pass(seconds: 10)
        }
        try bench.sealDue()
        #expect(try reasons(bench) == [.age])
    }

    @Test func sealsWhenNothingComes() throws {
        let bench = try WritingBench()
        try bench.put("{}")
        try bench.commit()
        try bench.sealDue()
        bench.pass(seconds: 59)
        try bench.sealDue()
        #expect(bench.store.openCount == 1)
        bench.pass(seconds: 1)
        try bench.sealDue()
        #expect(try reasons(bench) == [.idle])
    }

    @Test func sealsWhenItsHourIsOver() throws {
        let bench = try WritingBench()
        bench.pass(seconds: 3_590)
        try bench.put(#"{"n":1}"#)
        bench.pass(seconds: 9)
        try bench.sealDue()
        #expect(bench.store.openCount == 1)
        bench.pass(seconds: 1)
        try bench.put(#"{"n":2}"#)
        try bench.sealDue()
        // Events received in the hour may still be in a ring: it has two seconds.
        #expect(bench.store.openCount == 2)
        bench.pass(seconds: 2)
        try bench.sealDue()
        #expect(bench.store.openCount == 1)
        #expect(try reasons(bench) == [.hour])
        #expect(bench.lines.keys.contains { $0.contains("hour=11") })
    }

    @Test func quarantineIsSealedWhenItsDayIsOver() throws {
        let bench = try WritingBench()
        try bench.put("not an event")
        #expect(
            bench.store.describeOpen().map(\.path).first?.hasPrefix(
                "quarantine/reason=invalid_json/date=2025-11-22/.part-"
            ) == true
        )
        bench.pass(seconds: 14 * 3_600)
        try bench.sealDue()
        #expect(bench.store.openCount == 0)
        #expect(try bench.commit().map(\.reason) == [.hour])
    }

    @Test func sealsTheLeastRecentlyUsedAtTheLimit() throws {
        let bench = try WritingBench(openMax: 3)
        for channel in ["a", "b", "c"] { try bench.put("{}", channel: channel) }
        try bench.commit()
        try bench.sealDue()
        bench.pass(seconds: 1)
        for channel in ["a", "c"] { try bench.put("{}", channel: channel) }
        try bench.sealDue()
        bench.pass(seconds: 1)
        try bench.put("{}", channel: "d")
        #expect(bench.store.openCount == 3)
        let sealed = try bench.commit()
        #expect(sealed.map(\.reason) == [.limit])
        #expect(sealed.first?.path.contains("channel=b") == true)
        try bench.checkSealed()
    }

    @Test func sealsAFolderAndNotWhatBeginsLikeIt() throws {
        let bench = try WritingBench()
        for channel in ["web-1", "web-10", "web-1é", "web"] {
            try bench.put("{}", channel: channel)
        }
        #expect(try bench.store.seal(prefix: "events/channel=we") == 0)
        #expect(try bench.store.seal(prefix: "events/channel=web-1") == 1)
        #expect(try bench.store.seal(prefix: "events/channel=web/") == 1)
        #expect(bench.store.openCount == 2)
        #expect(try bench.store.seal(prefix: "events") == 2)
        #expect(try reasons(bench) == [.drain, .drain, .drain, .drain])
    }

    @Test func aSealedSegmentIsNoLongerDirty() throws {
        let bench = try WritingBench(segmentBytesMax: 1)
        try bench.put("{}")
        let batch = try bench.store.takeBatch()
        #expect(batch.dirty.isEmpty && batch.seals.count == 1)
        _ = try bench.committer.commit(batch)
        #expect(try bench.checkSealed() == 1)
    }

    @Test func manySealsInOneBatchKeepFewFilesOpen() throws {
        let bench = try WritingBench(openMax: 4)
        for number in 0..<400 { try bench.put(#"{"n":\#(number)}"#, channel: "c\(number)") }
        #expect(bench.disk.counts.openedMost <= WritingBench.sealsMax + 6)
        try bench.commit()
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 400)
        #expect(bench.disk.opened == 0)
    }

    @Test func partitionsInEveryOrderFindTheirSegments() throws {
        let bench = try WritingBench(openMax: 64)
        for round in 0..<5 {
            for number in 0..<60 { try bench.put("{}", channel: "c\((number * 7 + round) % 60)") }
        }
        #expect(bench.store.openCount == 60)
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        #expect(try bench.checkSealed() == 60)
    }

    /// The real writer's files: a full flush about every mebibyte, and its check values.
    @Test func aFlippedBitInAFileOfManyMebibytesCostsAboutOne() throws {
        let bench = try WritingBench()
        for number in 0..<9_000 {
            let text = String(repeating: "x\(number &* 7919)", count: 60)
            try bench.put(#"{"type":"track","n":\#(number),"pad":"\#(text)"}"#)
            if number % 300 == 0 { try bench.commit() }
        }
        _ = try bench.store.seal(prefix: "")
        try bench.commit()
        let entry = try #require(try bench.manifest().first)
        #expect(entry.rawBytes > 4 << 20)
        let survey = try SegmentSurvey.read(entry.path, in: bench.disk)
        #expect(entry.checkpoints == survey.checkpoints && survey.checkpoints.count >= 4)
        var bytes = try bench.bytes(entry.path)
        bytes[bytes.count / 2] ^= 16
        try Data(bytes).write(to: URL(fileURLWithPath: "\(bench.folder.path)/\(entry.path)"))
        let finding = try Verify.run(bench.disk).findings.first { $0.kind == .contentMismatch }
        #expect(finding?.offset.map { $0 < bytes.count / 2 && $0 > 0 } == true)
        let report = try Repair(bench.disk).repair(entry.path)
        #expect(report.isProven && report.outcome == .partial)
        #expect(UInt64(entry.rawBytes) - report.rawBytesSaved < 3 << 19)
        #expect(report.isGoneExact && report.gone.first?.ranges.count == 1)
    }
}
