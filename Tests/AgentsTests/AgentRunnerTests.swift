import Agents
import Synchronization
import Testing

/// A runner does what its agent asks for, in order, and nothing before it is started.
@Suite struct AgentRunnerTests {
    private struct Failed: Error {}

    /// The calls that an agent received.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// An agent with scripted rounds: each a count, or nil for an error.
    private struct Scripted: Agent, ~Copyable {
        typealias Failure = Failed

        let log: Log
        var rounds: [Int?]
        let afterError: AfterError

        var isFinished: Bool { rounds.isEmpty }

        mutating func doWork() throws(Failed) -> Int {
            guard let count = rounds.removeFirst() else { throw Failed() }
            log.add("work \(count)")
            return count
        }

        mutating func idle(after count: Int) -> IdleStrategy {
            switch count {
            case 0: .wait(nanoseconds: 7)
            case 1: .none
            default: .pause(.microseconds(1))
            }
        }

        mutating func wait(nanoseconds: Int64) { log.add("wait \(nanoseconds)") }

        mutating func recover(from error: Failed) -> AfterError {
            log.add("error")
            return afterError
        }

        mutating func end() { log.add("end") }
    }

    private func run(_ rounds: [Int?], afterError: AfterError) -> (log: [String], beats: Int) {
        let log = Log()
        let runner = AgentRunner("test") {
            Scripted(log: log, rounds: rounds, afterError: afterError)
        }
        #expect(log.all.isEmpty && runner.heartbeat.beats == 0)
        runner.start()
        runner.join()
        return (log.all, runner.heartbeat.beats)
    }

    @Test func waitsOnlyAfterRoundsThatAskForIt() {
        let ran = run([1, 0, 2, 0], afterError: .end)
        #expect(ran.log == ["work 1", "work 0", "wait 7", "work 2", "work 0", "wait 7", "end"])
        #expect(ran.beats == 4)
    }

    @Test func anErrorEndsTheAgentOrDoesNot() {
        #expect(run([1, nil, 1], afterError: .end).log == ["work 1", "error", "end"])
        #expect(run([1, nil, 1], afterError: .goOn).log == ["work 1", "error", "work 1", "end"])
    }

    @Test func oneThatIsNotStartedCanBeJoined() {
        let log = Log()
        AgentRunner("test") { Scripted(log: log, rounds: [1], afterError: .end) }.join()
        #expect(log.all.isEmpty)
    }

    @Test func pausesAreWhatTheySay() {
        #expect(Pause.milliseconds(2) == Pause.microseconds(2_000))
        let start = ContinuousClock.now
        Pause.milliseconds(20).take()
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }
}
