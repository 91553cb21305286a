import Inspection
import Intake
import SegmentSupport
import TestSupport
import Testing
import ZeroMQSource

@testable import Pipeline

/// Messages of one event each, which a writer reads together: the outcome and answer of each do not
/// depend on the others.
@Suite struct PipelineSingleMessagesTests {
    /// A list of messages, the answer to each, and the events in it.
    private struct Kind {
        var payload: String
        var answer: String
        var events: [String]
        var quarantined = 0

        /// One acceptable event.
        static func good(_ number: Int) -> Kind {
            let event = #"{"channel":"c\#(number % 3)","messageId":"m\#(number)"}"#
            return Kind(
                payload: event,
                answer: #"{"status":"committed","events":1,"quarantined":[]}"#,
                events: [event]
            )
        }

        static func bad(_ payload: String, _ reason: String) -> Kind {
            Kind(
                payload: payload,
                answer:
                    #"{"status":"committed","events":0,"quarantined":[{"index":0,"reason":"\#(reason)"}]}"#,
                events: [],
                quarantined: 1
            )
        }

        static func two(_ payload: String, first: String, second: String) -> Kind {
            Kind(
                payload: payload,
                answer: #"{"status":"committed","events":2,"quarantined":[]}"#,
                events: [first, second]
            )
        }
    }

    /// Long runs of good messages, and one of each other kind between and next to each other.
    private static let kinds: [Kind] = {
        let odd = [
            Kind.bad(#"{"channel":"a","s":"}"#, "invalid_json"),
            .bad(#"{"channel":"a","s":"x}"}}"#, "invalid_json"),
            .bad(#"{"channel":"a","#, "invalid_json"),
            .bad(#"{"_touchpoint":{}}"#, "reserved_key"),
            .bad("3", "not_an_object"),
            .bad(#"{"a":"}"#, "invalid_json"),
            .bad(#"{"}"#, "invalid_json"),
            .two("{\"n\":1}\n{\"n\":2}", first: #"{"n":1}"#, second: #"{"n":2}"#),
            .two(#"[{"n":3},{"n":4}]"#, first: #"{"n":3}"#, second: #"{"n":4}"#),
            .two(#"{"batch":[{"n":5},{"n":6}]}"#, first: #"{"n":5}"#, second: #"{"n":6}"#),
        ]
        var kinds = (0..<150).map { Kind.good($0) } + odd
        for (at, kind) in odd.enumerated() { kinds += [.good(200 + at), kind] }
        return kinds + (300..<450).map { Kind.good($0) }
    }()

    private func expectFiles(_ rig: PipelineRig, _ source: String) throws {
        let files = try rig.files()
        #expect(
            files.events.filter { $0.source == source }.map(\.event).sorted()
                == Self.kinds.flatMap(\.events).sorted()
        )
        #expect(
            files.quarantined.filter { $0.source == source }.count
                == Self.kinds.reduce(0) { $0 + $1.quarantined }
        )
        #expect(files.gaps(source).isEmpty)
        #expect(files.report.findingsTotal == 0, "\(files.report.findings)")
        let ledger = rig.ledger(source)
        #expect(ledger.isBalanced && ledger.inFlight == 0)
    }

    /// A pause while all of it is sent lets the receiver read hundreds at once.
    private func rig(
        _ change: (inout PipelineSetup) -> Void = { _ in }
    ) throws -> PipelineRig {
        let folder = try TemporaryFolder(prefix: "touchpoint-pipeline")
        let disk = try FaultyDisk(directory: folder.path)
        return try PipelineRig(folder: folder, disk: disk, opensIntake: false, change)
    }

    @Test(arguments: [false, true])
    func eachIsAnsweredByItself(deduplicates: Bool) async throws {
        let rig = try rig { $0.sources[0].deduplicates = deduplicates }
        let dealer = try rig.dealer()
        for (at, kind) in Self.kinds.enumerated() { try dealer.send("\(at)", kind.payload) }
        rig.pipeline.openIntake()
        try await waitUntil("all answers") { try dealer.receive().count == Self.kinds.count }
        for (at, kind) in Self.kinds.enumerated() {
            #expect(dealer.verdict("\(at)") == kind.answer, "message \(at): \(kind.payload)")
        }
        #expect(await rig.drain())
        try expectFiles(rig, "reliable")
    }

    @Test func eachIsFiledInItsOrder() async throws {
        let rig = try rig()
        let pusher = try rig.pusher()
        for kind in Self.kinds { try pusher.push(kind.payload) }
        rig.pipeline.openIntake()
        let events = Self.kinds.flatMap(\.events)
        try await waitUntil("all to be written") { rig.ledger("plain").written == events.count }
        #expect(await rig.drain())
        try expectFiles(rig, "plain")
        let lines = try rig.files().events.sorted { $0.sequence < $1.sequence }
        #expect(lines.map(\.event) == events)
    }

    @Test func copiesAmongThemAreLeftOut() async throws {
        let rig = try rig(PipelineDedupTests.configure)
        let dealer = try rig.dealer()
        for at in 0..<200 { try dealer.send("\(at)", PipelineDedupTests.event("e\(at / 2)")) }
        rig.pipeline.openIntake()
        try await waitUntil("all answers") { try dealer.receive().count == 200 }
        for at in 0..<200 {
            let more = at % 2 == 0 ? "" : #","duplicates":1"#
            let answer = #"{"status":"committed","events":1\#(more),"quarantined":[]}"#
            #expect(dealer.answers["\(at)"] == answer)
        }
        #expect(await rig.drain())
        #expect(
            try rig.files().eventTexts.sorted()
                == (0..<100).map { PipelineDedupTests.event("e\($0)") }.sorted()
        )
        let ledger = rig.ledger("reliable")
        #expect(ledger.received == 200 && ledger.written == 100 && ledger.duplicate == 100)
    }
}
