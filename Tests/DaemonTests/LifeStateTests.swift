import Control
import Testing

@testable import Daemon

@Suite struct LifeStateTests {
    private func started() -> LifeState {
        var life = LifeState(at: 100)
        life.start()
        life.update(at: 200, blocked: nil, pausedSources: [], allPaused: false)
        return life
    }

    @Test func startsAndRuns() {
        var life = LifeState(at: 100)
        #expect(life.state == .starting && life.since == 100)
        life.update(at: 150, blocked: "full", pausedSources: ["a"], allPaused: true)
        #expect(life.state == .starting && life.since == 100)
        life.start()
        life.update(at: 200, blocked: nil, pausedSources: [], allPaused: false)
        #expect(life.state == .running && life.since == 200 && life.why == nil)
    }

    /// Every combination is checked against the order: draining, blocked, paused, running.
    @Test(arguments: 0..<8)
    func theGravestStateWins(bits: Int) {
        let isDraining = bits & 1 != 0
        let isBlocked = bits & 2 != 0
        let isPaused = bits & 4 != 0
        var life = started()
        if isDraining { life.drain("SIGTERM") }
        life.update(
            at: 300,
            blocked: isBlocked ? "no room" : nil,
            pausedSources: isPaused ? ["a"] : [],
            allPaused: isPaused
        )
        let expected: ServiceState =
            isDraining ? .draining : isBlocked ? .blocked : isPaused ? .paused : .running
        #expect(life.state == expected)
        #expect(life.since == (expected == .running ? 200 : 300))
        let why =
            isDraining
            ? "SIGTERM" : isBlocked ? "no room" : isPaused ? "an operator paused all sources" : nil
        #expect(life.why == why)
    }

    /// A source that waits for ids blocks its producers, so the state must not be "running".
    @Test(arguments: [([], "starting"), (["a"], "starting")] as [([String], String)])
    func whileASourceReadsIDsTheDaemonStarts(paused: [String], expected: String) {
        var life = started()
        life.update(
            at: 300,
            blocked: nil,
            pausedSources: paused,
            loadingSources: ["b"],
            allPaused: false
        )
        #expect(life.state.rawValue == expected && life.since == 300)
        #expect(life.why == "reading ids of earlier events for b")
        life.update(
            at: 400,
            blocked: "full",
            pausedSources: [],
            loadingSources: ["b"],
            allPaused: false
        )
        #expect(life.state == .blocked)
        life.update(at: 500, blocked: nil, pausedSources: [], allPaused: false)
        #expect(life.state == .running && life.since == 500)
    }

    @Test func sinceStaysWhileTheStateStays() {
        var life = started()
        life.update(at: 300, blocked: "one", pausedSources: [], allPaused: false)
        life.update(at: 400, blocked: "two", pausedSources: [], allPaused: false)
        #expect(life.since == 300 && life.why == "two")
        life.update(at: 500, blocked: nil, pausedSources: [], allPaused: false)
        #expect(life.since == 500 && life.why == nil)
    }

    @Test func somePausedSourcesAreNamed() {
        var life = started()
        life.update(at: 300, blocked: nil, pausedSources: ["a", "b"], allPaused: false)
        #expect(life.state == .running && life.since == 200)
        #expect(life.why == "paused by an operator: a, b")
    }

    @Test func theFirstReasonToDrainStays() {
        var life = started()
        #expect(!life.isDraining)
        life.drain("an operator said drain")
        life.drain("SIGTERM")
        life.update(at: 300, blocked: nil, pausedSources: [], allPaused: false)
        #expect(life.isDraining && life.why == "an operator said drain")
    }
}
