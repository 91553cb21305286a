import Intake
import TestSupport
import Testing

@testable import Pipeline

/// A source with several places is one source: its places differ only in where answers go.
@Suite struct PipelinePlacesTests {
    private static let places = 3

    private func rig(isAnswered: Bool = true) throws -> PipelineRig {
        try PipelineRig {
            $0.writers = 2
            $0.processes = [
                SourceProfile(
                    name: "wide",
                    kind: "process",
                    isAnswered: isAnswered,
                    places: Self.places
                ),
                SourceProfile(name: "narrow", kind: "process", isAnswered: true),
            ]
        }
    }

    private func event(_ text: String) -> String { #"{"id":"\#(text)"}"# }

    /// Sends events through all places of the wide source and through the narrow one.
    private func load(_ rig: PipelineRig, each: Int) async throws {
        for number in 0..<each {
            for (at, process) in rig.processes.enumerated() {
                // The same return addresses everywhere: only the way back tells them apart.
                process.send("\(number)", event("\(at)-\(number)"))
                if number == 0 { process.send("bad", String(repeating: "x", count: at + 1)) }
            }
        }
        try await waitUntil("all answers") {
            rig.processes.allSatisfy { $0.answers.count == each + 1 }
        }
    }

    @Test func answersGoBackToThePlaceThatAsked() async throws {
        let rig = try rig()
        for number in 0..<40 {
            for (at, process) in rig.processes.enumerated() {
                let payload = (0...at).map { event("\(at)-\(number)-\($0)") }
                process.send("\(number)", payload.joined(separator: "\n"))
            }
        }
        try await waitUntil("all answers") {
            rig.processes.allSatisfy { $0.answers.count == 40 }
        }
        for (at, process) in rig.processes.enumerated() {
            #expect(process.answers.values.allSatisfy { $0 == Answer(.committed, events: at + 1) })
        }
        #expect(await rig.drain())
    }

    @Test func theFiguresOfASourceAreThoseOfAllItsPlaces() async throws {
        let rig = try rig()
        try await load(rig, each: 50)
        let snapshot = rig.pipeline.snapshot()
        #expect(snapshot.sources.map(\.name) == ["reliable", "plain", "wide", "narrow"])
        let wide = snapshot.sources[2]
        let messages = Self.places * 51
        #expect(wide.messages == messages && wide.acknowledged == messages)
        #expect(wide.ledger.written == Self.places * 50)
        #expect(wide.ledger.quarantinedTotal == Self.places)
        #expect(wide.ledger.received == messages && wide.ledger.inFlight == 0)
        #expect(snapshot.sources[3].ledger.written == 50)
        #expect(rig.pipeline.ledgerMismatches == 0)
        // One row per source and writer.
        #expect(snapshot.rings.count == 4 * 2)
        let rings = snapshot.rings.filter { $0.source == "wide" }
        #expect(rings.map(\.writer) == [0, 1])
        #expect(rings.allSatisfy { $0.capacityBytes == Self.places * (1 << 20) })
        #expect(await rig.drain())
        let files = try rig.files()
        #expect(files.events.count { $0.source == "wide" } == Self.places * 50)
        #expect(files.events.count { $0.source == "narrow" } == 50)
    }

    @Test func allPlacesArePausedAndResumed() async throws {
        let rig = try rig()
        let at = try #require(rig.pipeline.source(named: "wide"))
        rig.pipeline.pause(source: at)
        for process in rig.processes { process.send("a", event("a")) }
        try await waitUntil("the other source's answer") { !rig.processes[3].answers.isEmpty }
        #expect(rig.pipeline.isPaused(source: at))
        #expect(rig.processes.prefix(3).allSatisfy { $0.answers.isEmpty && $0.waitingCount == 1 })
        rig.pipeline.resume(source: at)
        try await waitUntil("all answers") { rig.processes.allSatisfy { $0.answers.count == 1 } }
        #expect(await rig.drain())
    }

    @Test func aDrainEndsAllPlaces() async throws {
        let rig = try rig(isAnswered: false)
        rig.pipeline.pause()
        for process in rig.processes.prefix(3) {
            for number in 0..<50 { process.send("", event("\(number)")) }
        }
        #expect(await rig.drain())
        let events = try rig.files().events
        #expect(events.count == Self.places * 50)
        #expect(rig.processes.allSatisfy { $0.isClosed })
    }

    @Test func aSourceHasFailedOnceAllItsPlacesTakeNothing() async throws {
        let rig = try rig()
        let at = try #require(rig.pipeline.source(named: "wide"))
        rig.processes[1].fail()
        try await waitUntil("it has failed") { rig.pipeline.isFailed(source: at) }
        #expect(!rig.pipeline.isFailed(source: at + 1))
        rig.processes[3].send("a", event("a"))
        try await waitUntil("another source's answer") { !rig.processes[3].answers.isEmpty }
        #expect(await rig.drain())
    }
}
