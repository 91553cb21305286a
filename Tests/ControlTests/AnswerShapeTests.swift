import Foundation
import Testing

@testable import Control

/// The keys of the answers, on which dashboards and scripts depend.
@Suite struct AnswerShapeTests {
    private static func object(_ answer: some Encodable) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(answer))
        return try #require(json as? [String: Any])
    }

    private static func keys(_ object: [String: Any], at path: String...) throws -> Set<String> {
        var object = object
        for key in path { object = try #require(object[key] as? [String: Any]) }
        return Set(object.keys)
    }

    private static let ledgerKeys: Set<String> = [
        "received", "written", "quarantined", "duplicate", "reusedIds", "late", "future",
        "untimed", "declined", "dropped", "inFlight",
        "reasons",
    ]

    @Test func statsHasTheContractsKeys() throws {
        let stats = try Self.object(Sample.stats())
        #expect(
            try Self.keys(stats) == [
                "time", "state", "why", "run", "ledger", "thisRun", "sources", "channels", "rates",
                "rings",
                "writers", "openSegments", "commit", "acknowledgements", "bytes", "process",
                "dedup",
            ]
        )
        #expect(try Self.keys(stats, at: "ledger") == Self.ledgerKeys)
        #expect(try Self.keys(stats, at: "ledger", "reasons") == ["dropped", "quarantined"])
        let source = try Self.keys(stats, at: "sources", "reliable")
        #expect(
            source == [
                "state", "ledger", "thisRun", "messages", "bytes", "peers", "rejected",
                "connections",
            ]
        )
        #expect(try Self.keys(stats, at: "sources", "reliable", "ledger") == Self.ledgerKeys)
        #expect(try Self.keys(stats, at: "sources", "reliable", "thisRun") == Self.ledgerKeys)
        #expect(try Self.keys(stats, at: "channels", "web") == ["events"])
        #expect(try Self.keys(stats, at: "rates") == ["1s", "10s", "60s"])
        #expect(try Self.keys(stats, at: "rates", "10s") == ["events", "bytes"])
        let commit = try Self.keys(stats, at: "commit")
        #expect(commit == ["count", "recent", "p50us", "p99us", "p999us", "maxus"])
        #expect(try Self.keys(stats, at: "acknowledgements") == ["sent", "dropped"])
        #expect(try Self.keys(stats, at: "bytes") == ["raw", "compressed"])
        #expect(try Self.keys(stats, at: "process") == ["cpuSeconds", "rssBytes"])
    }

    @Test func ringsAndWritersAreLists() throws {
        let stats = try Self.object(Sample.stats())
        let rings = try #require(stats["rings"] as? [[String: Any]])
        let keys: Set = ["source", "writer", "capacity", "used", "highWater", "full"]
        #expect(rings.map { Set($0.keys) } == [keys])
        let writers = try #require(stats["writers"] as? [[String: Any]])
        #expect(writers.map { Set($0.keys) } == [["events", "openSegments"]])
        #expect(stats["state"] as? String == "running")
        #expect(stats["openSegments"] as? Int == 3)
    }

    @Test func statusHasTheContractsKeys() throws {
        let status = try Self.object(Sample.status)
        #expect(
            try Self.keys(status) == [
                "state", "since", "why", "configuration", "reloadRefused", "node", "run", "version",
                "pid",
                "sources", "disk", "recovery", "dedup", "quarantine",
                "ledgerBalanced",
            ]
        )
        let sources = try #require(status["sources"] as? [[String: Any]])
        #expect(sources.map { Set($0.keys) } == [["name", "pattern", "endpoints", "state"]])
        let disk = try Self.keys(status, at: "disk")
        #expect(
            disk == [
                "directory", "totalBytes", "availableBytes", "availableFiles", "minimumFreeBytes",
            ]
        )
        let recovery = try Self.keys(status, at: "recovery")
        #expect(recovery == ["state", "filesFound", "filesRecovered", "eventsRecovered"])
        #expect(
            try Self.keys(status, at: "dedup") == [
                "state", "why", "ids", "bytes", "maxMemoryBytes", "windowSeconds",
                "coveredSeconds", "forgotten", "loaded", "loadedPerSecond", "waitingAnswers",
            ]
        )
        #expect(
            try Self.keys(status, at: "quarantine") == [
                "state", "why", "bytes", "maxBytes", "maxAgeSeconds", "refusedMessages",
                "removedFiles",
            ]
        )
    }

    @Test func statusIsHealthyOnlyWhereNothingIsWrong() {
        var status = Sample.status
        #expect(
            status.problems == [
                "the daemon is blocked", "source reliable is paused",
                "ids of earlier events could not be read", "quarantine is full",
            ]
        )
        status.state = .running
        status.sources[0].state = .running
        status.dedup.state = "ready"
        status.quarantine.state = "open"
        #expect(status.problems.isEmpty)
        for state in ServiceState.allCases where state != .running {
            var other = status
            other.sources[0].state = state
            #expect(other.problems == ["source reliable is \(state.rawValue)"])
            // All sources are in the daemon's state: that is reported once.
            other.state = state
            #expect(other.problems == ["the daemon is \(state.rawValue)"])
        }
        var unbalanced = status
        unbalanced.ledgerBalanced = false
        #expect(unbalanced.problems == ["the ledger does not add up"])
        for state in ["none", "running", "waiting for room", "stopped", "done"] {
            status.recovery.state = state
            #expect(status.problems.isEmpty)
        }
        status.recovery.state = "failed"
        #expect(status.problems == ["recovery failed"])
    }

    @Test func smallAnswersHaveTheContractsKeys() throws {
        let partition = try Self.object(Sample.partition)
        #expect(
            try Self.keys(partition) == [
                "path", "events", "bytes", "compressedBytes", "ageSeconds", "lastCommit",
            ]
        )
        #expect(try Self.keys(Self.object(SealAnswer(paths: ["a"]))) == ["sealed", "paths"])
        let flush = FlushAnswer(committed: true, events: 1)
        #expect(try Self.keys(Self.object(flush)) == ["committed", "events"])
        let reload = ReloadAnswer(applied: [], needsRestart: [])
        #expect(try Self.keys(Self.object(reload)) == ["applied", "needsRestart"])
        #expect(try Self.keys(Self.object(StateAnswer(state: .paused))) == ["state"])
        let error = ErrorAnswer(error: ControlError(code: "c", message: "m"))
        #expect(try Self.keys(Self.object(error), at: "error") == ["code", "message"])
    }

    @Test func helpNamesEveryVerbAndNotTheOnesToCome() {
        let help = HelpAnswer()
        #expect(help.verbs.map(\.verb) == VerbTable.verbs.map(\.name))
        #expect(!help.verbs.contains { $0.verb == "tap" })
    }

    @Test func ledgerKnowsWhetherItAddsUp() {
        var ledger = Sample.ledger(received: 90)
        #expect(ledger.isBalanced)
        ledger.inFlight += 1
        #expect(!ledger.isBalanced)
        #expect(!Ledger(received: 1, written: .max, quarantined: .max).isBalanced)
    }
}
