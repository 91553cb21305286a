import Foundation
import Glibc
import Intake
import Synchronization
import TestSupport
import ZeroMQSource

@testable import Pipeline

/// A heavy load on a pipeline of several sources and writers with small rings, and the ledgers seen
/// meanwhile.
///
/// Producers block, so each has a thread.
final class PipelineLoad: Sendable {
    struct Plan {
        var sources = 3
        var writers = 3
        var messages = 2_000
        var eventsPerMessage = 10
    }

    let plan: Plan
    let rig: PipelineRig
    private let running: Atomic<Int>
    private let failures = Mutex<[String]>([])
    private let seen = Mutex<(looks: Int, wrong: [String], isOver: Bool)>((0, [], false))

    init(_ plan: Plan) throws {
        self.plan = plan
        running = Atomic(plan.sources)
        rig = try PipelineRig { configuration in
            configuration.sources = (0..<plan.sources).map {
                PipelineRig.source("s\($0)", $0 == 0 ? .router : .pull)
            }
            configuration.ringBytes = 64 << 10
            configuration.writers = plan.writers
            configuration.openMax = 6
        }
    }

    var isOver: Bool { running.load(ordering: .acquiring) == 0 }
    var problems: [String] { failures.withLock { $0 } }
    var eventsTotal: Int { plan.sources * plan.messages * plan.eventsPerMessage }

    /// Event number `at` of a message; every 50th message has one that is invalid JSON.
    static func event(source: Int, message: Int, at: Int) -> String {
        if message % 50 == 7 && at == 3 { return "bad-\(source)-\(message)" }
        let filler = String(repeating: "x", count: (message * 31 + at * 7) % 120)
        return
            #"{"id":"\#(source)-\#(message)-\#(at)","channel":"c\#((message + at) % 5)","f":"\#(filler)"}"#
    }

    /// The events that must be in files, and how many must be in quarantine.
    var expected: (events: Set<String>, quarantined: Int) {
        var events: Set<String> = []
        var quarantined = 0
        for source in 0..<plan.sources {
            for message in 0..<plan.messages {
                for at in 0..<plan.eventsPerMessage {
                    let event = Self.event(source: source, message: message, at: at)
                    if event.hasPrefix("bad") { quarantined += 1 } else { events.insert(event) }
                }
            }
        }
        return (events, quarantined)
    }

    func start() {
        for source in 0..<plan.sources {
            let thread = Thread {
                do {
                    try self.produce(source)
                } catch {
                    self.failures.withLock { $0.append("producer \(source): \(error)") }
                }
                self.running.wrappingSubtract(1, ordering: .acquiringAndReleasing)
            }
            thread.start()
        }
    }

    private func payload(_ source: Int, _ message: Int) -> String {
        (0..<plan.eventsPerMessage).map { Self.event(source: source, message: message, at: $0) }
            .joined(separator: "\n")
    }

    private func produce(_ source: Int) throws {
        let endpoint = rig.endpoint("s\(source)")
        guard source == 0 else {
            let pusher = try PipelinePusher(endpoint)
            for message in 0..<plan.messages { try pusher.push(payload(source, message)) }
            return try wait("its events to come in") {
                rig.ledger("s\(source)").received == plan.messages * plan.eventsPerMessage
            }
        }
        let dealer = try PipelineDealer(endpoint)
        for message in 0..<plan.messages {
            try dealer.send("\(message)", payload(source, message))
            try wait("answers") { try message - dealer.receive().count < 100 }
        }
        try wait("all answers") { try dealer.receive().count == plan.messages }
        guard dealer.committed.count == plan.messages else {
            throw TestFailure("\(dealer.committed.count) committed")
        }
    }

    private func wait(_ what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw TestFailure("waited 120 s for \(what)")
            }
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    /// Waits for the end of the load; returns how often the ledgers were read meanwhile, and the
    /// errors found.
    func watch() async throws -> (looks: Int, wrong: [String]) {
        let watcher = Thread { self.look() }
        watcher.start()
        try await waitUntil("the load to be over", seconds: 240) {
            isOver && seen.withLock { $0.isOver }
        }
        return seen.withLock { ($0.looks, $0.wrong) }
    }

    /// Runs on its own thread, because concurrent tests keep the tasks' few threads busy.
    private func look() {
        var last = [Int](repeating: 0, count: plan.sources)
        var looks = 0
        while !isOver {
            // A whole snapshot costs more, and computes its ledgers in the same way.
            let ledgers =
                looks % 50 == 0
                ? rig.pipeline.snapshot().sources.map(\.ledger) : rig.pipeline.ledgers()
            var wrong: [String] = []
            for (at, ledger) in ledgers.enumerated() {
                let isSound =
                    ledger.isBalanced && ledger.inFlight >= 0 && ledger.written >= 0
                    && ledger.received >= last[at]
                if !isSound { wrong.append("source \(at): \(ledger)") }
                last[at] = ledger.received
            }
            looks += 1
            seen.withLock { ($0.looks, $0.wrong) = (looks, $0.wrong + wrong) }
            usleep(100)
        }
        seen.withLock { $0.isOver = true }
    }
}
