import Archive
import Dedup
import Disk
import Events
import Glibc
import Inspection
import Intake
import Recovery
import SegmentSupport
import Synchronization
import TestSupport
import Testing
import ZeroMQSource

@testable import Pipeline

/// Resent events: acknowledged again, written once.
@Suite struct PipelineDedupTests {
    static func configure(_ configuration: inout PipelineSetup) {
        configuration.sources[0].deduplicates = true
        // The same hash in every run, as in one data folder.
        configuration.contentHash = contentHash
    }

    private static let contentHash = ContentHash(key0: 11, key1: 12)

    static func event(_ id: String, channel: String = "a", _ more: String = "") -> String {
        #"{"messageId":"\#(id)","channel":"\#(channel)"\#(more)}"#
    }

    /// Sends a message and waits for its answer.
    @discardableResult
    static func ask(
        _ dealer: PipelineDealer,
        _ id: String,
        payload: String
    ) async throws
        -> String
    {
        try dealer.send(id, payload)
        try await waitUntil("the answer to \(id)") { try dealer.receive()[id] != nil }
        return dealer.answers[id] ?? ""
    }

    @Test func aRetryIsAnsweredAndNotWritten() async throws {
        let rig = try PipelineRig(Self.configure)
        let dealer = try rig.dealer()
        let batch = (0..<5).map { Self.event("e\($0)") }.joined(separator: "\n")
        let first = try await Self.ask(dealer, "first", payload: batch)
        #expect(first == #"{"status":"committed","events":5,"quarantined":[]}"#)
        for number in 0..<3 {
            let again = try await Self.ask(dealer, "again \(number)", payload: batch)
            #expect(again == #"{"status":"committed","events":5,"duplicates":5,"quarantined":[]}"#)
        }
        let mixed = "\(Self.event("e1"))\nnonsense\n\(Self.event("new"))"
        #expect(
            PipelineDealer.verdict(try await Self.ask(dealer, "mixed", payload: mixed))
                == #"{"status":"committed","events":2,"duplicates":1,"#
                + #""quarantined":[{"index":1,"reason":"invalid_json"}]}"#
        )
        let ledger = rig.ledger("reliable")
        #expect(ledger.received == 23 && ledger.written == 6 && ledger.duplicate == 16)
        #expect(ledger.quarantinedTotal == 1 && ledger.inFlight == 0 && ledger.isBalanced)
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.events.count == 6)
        // A duplicate gets no sequence number.
        #expect(files.gaps("reliable").isEmpty)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
    }

    @Test func ofTwoInOneMessageTheSecondIsTheDuplicate() async throws {
        let rig = try PipelineRig(Self.configure)
        let dealer = try rig.dealer()
        let one = Self.event("x", channel: "a", #","sentAt":1"#)
        let two = Self.event("x", channel: "a", #","sentAt":2"#)
        let answer = try await Self.ask(dealer, "q", payload: "[\(one),\(two)]")
        #expect(answer == #"{"status":"committed","events":2,"duplicates":1,"quarantined":[]}"#)
        #expect(await rig.drain())
        #expect(try rig.files().eventTexts == [one])
    }

    /// Different events with one id are each written once and each recognized: alone and in a
    /// batch, with another sending time, and after a restart, from id files and from segments.
    @Test(arguments: [false, true])
    func otherEventsWithOneIDAreWritten(removesFilesOfIDs: Bool) async throws {
        let rig = try PipelineRig(Self.configure)
        let dealer = try rig.dealer()
        let events = ["delivered", "opened", "clicked"].map {
            Self.event(
                "mail",
                channel: "a",
                #","event":"\#($0)","context":{"ip":"1"},"sentAt":"now""#
            )
        }
        for (at, event) in events.enumerated() {
            let answer = try await Self.ask(dealer, "first \(at)", payload: event)
            #expect(answer == #"{"status":"committed","events":1,"quarantined":[]}"#)
        }
        #expect(rig.ledger("reliable").written == 3 && rig.ledger("reliable").reusedIDs == 2)
        let again = events.map { $0.replacing("now", with: "later") }.joined(separator: ",")
        #expect(
            try await Self.ask(dealer, "again", payload: "[\(again)]").contains(#""duplicates":3"#)
        )
        #expect(await rig.drain())
        var marks = 0
        _ = try SegmentCat.run(rig.disk.real, paths: rig.files().sealed) { line in
            marks += String(decoding: line, as: UTF8.self).contains(#","idReused":true}"#) ? 1 : 0
            return true
        }
        #expect(marks == 2)
        if removesFilesOfIDs {
            for entry in try rig.disk.real.list(SegmentFormat.identities) {
                try rig.disk.real.remove(DiskPath.join(SegmentFormat.identities, entry.name))
            }
        }
        let (second, read) = try restarted(rig, "r2")
        #expect(read == (removesFilesOfIDs ? 1 : 0))
        let other = try second.dealer()
        #expect(try await Self.ask(other, "1", payload: "[\(again)]").contains(#""duplicates":3"#))
        let fourth = Self.event("mail", channel: "a", #","event":"bounced""#)
        #expect(try await !Self.ask(other, "2", payload: fourth).contains("duplicates"))
        #expect(second.ledger("reliable").reusedIDs == 1)
        #expect(await second.drain())
        #expect(try second.files().events.count == 4)
        #expect(try second.files().report.findingsTotal == 0)
    }

    /// A duplicate is written nowhere, so its channel gets no folder.
    @Test func duplicatesOpenNoFolders() async throws {
        let rig = try PipelineRig {
            Self.configure(&$0)
            $0.valuesMax = 4
            $0.writers = 1
        }
        let dealer = try rig.dealer()
        for number in 0..<8 {
            // Only the sending time differs, and the batch's channel.
            let event = #"{"messageId":"same","sentAt":\#(number)}"#
            let batch = #"{"batch":[\#(event)],"channel":"c\#(number)"}"#
            _ = try await Self.ask(dealer, "\(number)", payload: batch)
        }
        _ = try await Self.ask(dealer, "new", payload: Self.event("new", channel: "shop"))
        #expect(await rig.drain())
        let folders = Set(try rig.files().sealed.map { $0.split(separator: "/")[1] })
        #expect(folders == ["channel=c0", "channel=shop"])
    }

    @Test func noIdNoDuplicateAndEachSourceForItself() async throws {
        let rig = try PipelineRig {
            Self.configure(&$0)
            $0.sources.append(PipelineRig.source("second", .router))
            $0.sources[2].deduplicates = true
            $0.sources.append(PipelineRig.source("off", .router))
        }
        for (name, duplicates) in [("reliable", 1), ("second", 1), ("off", 0)] {
            let dealer = try rig.dealer(name)
            for number in 0..<2 {
                // An id must be a text; the field `id` is not used, because it need not be unique.
                let events = [
                    #"{"a":1}"#, #"{"messageId":7}"#, #"{"id":"x"}"#,
                    #"{"messageId":"m","id":"x"}"#,
                ]
                _ = try await Self.ask(dealer, "\(number)", payload: events.joined(separator: "\n"))
            }
            #expect(rig.ledger(name).written == 8 - duplicates)
            #expect(rig.ledger(name).duplicate == duplicates)
        }
        #expect(await rig.drain())
    }

    @Test func takesNothingInBeforeItKnowsWhatCame() async throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-pipeline")
        let disk = try FaultyDisk(directory: folder.path)
        let rig = try PipelineRig(folder: folder, disk: disk, opensIntake: false, Self.configure)
        let dealer = try rig.dealer()
        try dealer.send("q", Self.event("known"))
        // The other source continues meanwhile.
        let pusher = try rig.pusher()
        try pusher.push(Self.event("plain"))
        try await waitUntil("the other source's event") { rig.ledger("plain").written == 1 }
        let beats = rig.pipeline.beats[0]
        try await waitUntil("the receiver to come round") { rig.pipeline.beats[0] > beats + 1 }
        #expect(rig.pipeline.places.shared[0].messages.load(ordering: .relaxed) == 0)
        #expect(rig.pipeline.isLoading(source: 0) && !rig.pipeline.isLoading(source: 1))
        Array("known".utf8).withUnsafeBytes {
            rig.pipeline.remember(
                KnownIdentity(
                    source: 0,
                    seconds: UInt32(PipelineClock.wallMicroseconds / 1_000_000),
                    identity: PackedIdentity($0),
                    content: 0
                )
            )
        }
        rig.pipeline.openIntake()
        try await waitUntil("the answer") { try dealer.receive()["q"] != nil }
        #expect(dealer.answers["q"]?.contains(#""duplicates":1"#) == true)
        #expect(await rig.drain())
    }

    /// Many copies of each event at the same time, by three producers to three writers with small
    /// rings: each is written once.
    @Test func ofManyCopiesAtOnceOneIsWritten() async throws {
        let rig = try PipelineRig {
            Self.configure(&$0)
            $0.writers = 3
            $0.ringBytes = 16 << 10
        }
        let dealers = try (0..<3).map { _ in try rig.dealer() }
        let messages = 200
        let filler = #","f":"\#(String(repeating: "x", count: 300))""#
        for message in 0..<messages {
            let events = (0..<5).map {
                let number = message * 3 + $0
                return Self.event("\(number)", channel: "c\(number % 5)", filler)
            }
            for (number, dealer) in dealers.enumerated() {
                try dealer.send("\(number)-\(message)", events.joined(separator: "\n"))
                try dealer.receive()
            }
        }
        try await waitUntil("all answers") {
            try dealers.allSatisfy { try $0.receive().count == messages }
        }
        #expect(dealers.allSatisfy { $0.committed.count == messages })
        let ledger = rig.ledger("reliable")
        let unique = messages * 3 + 2
        #expect(ledger.written == unique && ledger.duplicate == 15 * messages - unique)
        #expect(ledger.isBalanced && ledger.inFlight == 0)
        #expect(rig.pipeline.answersDeferred == 0)
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.events.count == unique && Set(files.eventTexts).count == unique)
        #expect(files.gaps("reliable").isEmpty)
    }

    /// Starts a pipeline on the folder again and reads the ids, as the daemon does.
    private func restarted(_ rig: PipelineRig, _ run: String) throws -> (PipelineRig, Int) {
        let again = try PipelineRig(
            folder: rig.folder,
            disk: rig.disk,
            run: run,
            opensIntake: false,
            Self.configure
        )
        let now = UInt32(PipelineClock.wallMicroseconds / 1_000_000)
        let report = try IdentityLoad(
            fileSystem: rig.disk.real,
            sources: again.pipeline.configuration.deduplicated,
            since: now - 86_400,
            contentHash: again.pipeline.configuration.contentHash
        ).run(onIdentity: { again.pipeline.remember($0) })
        again.pipeline.openIntake()
        return (again, report.segments)
    }

    @Test func remembersOverARestart() async throws {
        let rig = try PipelineRig(Self.configure)
        let dealer = try rig.dealer()
        let batch = (0..<40).map { Self.event("e\($0)") }.joined(separator: "\n")
        _ = try await Self.ask(dealer, "q", payload: batch)
        #expect(await rig.drain())
        let (second, read) = try restarted(rig, "r2")
        #expect(read == 0, "the file of ids was there, and a segment was read all the same")
        let answer = try await Self.ask(try second.dealer(), "q", payload: batch)
        #expect(answer.contains(#""duplicates":40"#))
        #expect(await second.drain())
        #expect(try second.files().events.count == 40)
    }

    /// After a power cut, acknowledged events are known as duplicates, and events that were never
    /// durable are not.
    @Test func remembersOverAPowerCutWhatWasDurableAndNothingElse() async throws {
        let rig = try PipelineRig(Self.configure)
        let dealer = try rig.dealer()
        _ = try await Self.ask(dealer, "safe", payload: Self.event("safe"))
        rig.disk.set { $0.holdsSyncsOf = "" }
        try dealer.send("lost", Self.event("lost"))
        try await waitUntil("a sync to be under way") { rig.disk.counts.syncsHeld == 1 }
        try rig.disk.cutPower()
        rig.disk.fail(.datasync, code: EIO, times: .max)
        rig.disk.set { $0.holdsSyncsOf = nil }
        await rig.pipeline.leave()
        rig.disk.heal()
        _ = try rig.recover()
        let (second, read) = try restarted(rig, "r2")
        #expect(read == 1)
        let again = try second.dealer()
        #expect(
            try await Self.ask(again, "1", payload: Self.event("safe")).contains(#""duplicates":1"#)
        )
        let lost = try await Self.ask(again, "2", payload: Self.event("lost"))
        #expect(!lost.contains("duplicates"))
        #expect(await second.drain())
        let files = try second.files()
        #expect(files.eventTexts.sorted() == [Self.event("lost"), Self.event("safe")])
    }
}
