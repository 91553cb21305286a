import Producer
import Testing

@Suite struct AcknowledgementWindowTests {
    private static func window(_ capacity: Int) -> AcknowledgementWindow {
        AcknowledgementWindow(
            capacity: capacity,
            pace: RetryPace(first: .seconds(1), longest: .seconds(3))
        )
    }

    @Test func hasRoomForItsCapacityOnly() {
        var window = Self.window(2)
        let first = window.submit(events: 3, at: .zero)
        let second = window.submit(events: 4, at: .zero)
        #expect(first != second)
        #expect(!window.hasRoom && window.inFlight == 2 && window.eventsInFlight == 7)
        let committed = Reply.Committed(events: 3)
        let action = window.receive(.committed(committed), for: first, at: .zero)
        #expect(action == .acknowledged(id: first, sent: 3, committed))
        #expect(window.hasRoom && window.eventsInFlight == 4)
    }

    @Test func waitsLongerEachTimeNoAnswerComes() {
        var window = Self.window(3)
        let first = window.submit(events: 1, at: .zero)
        let second = window.submit(events: 1, at: .milliseconds(500))
        #expect(window.nextRetryTime() == .seconds(1))
        #expect(window.nextRetry(at: .milliseconds(999)) == nil)
        #expect(window.nextRetry(at: .seconds(1)) == first)
        #expect(window.nextRetry(at: .seconds(1)) == nil)
        #expect(window.nextRetryTime() == .milliseconds(1500))
        #expect(window.nextRetry(at: .seconds(3)) == second)
        #expect(window.nextRetry(at: .seconds(3)) == first)
        // The second message now waits 2 s, the first one 3 s, which is the maximum.
        #expect(window.nextRetryTime() == .seconds(5))
        #expect(window.nextRetry(at: .seconds(5)) == second)
        #expect(window.nextRetry(at: .seconds(6)) == first)
        #expect(window.nextRetryTime() == .seconds(8))
        #expect(window.retried == 5)
    }

    @Test func ignoresTheSecondAnswer() {
        var window = Self.window(1)
        let id = window.submit(events: 1, at: .zero)
        _ = window.nextRetry(at: .seconds(1))
        _ = window.receive(.committed(Reply.Committed(events: 1)), for: id, at: .seconds(1))
        let again = window.receive(.rejected(reason: "x"), for: id, at: .seconds(1))
        #expect(again == .ignored(id: id))
        #expect(window.receive(.unavailable(reason: "x"), for: 99, at: .zero) == .ignored(id: 99))
        #expect(window.late == 2 && window.nextRetryTime() == nil)
    }

    @Test func putsOffWhileUnavailable() {
        var window = Self.window(1)
        let id = window.submit(events: 1, at: .zero)
        var now: Duration = .milliseconds(600)
        for wait in [200, 400, 800, 1000, 1000] {
            let action = window.receive(.unavailable(reason: "draining"), for: id, at: now)
            #expect(action == .putOff(id: id, reason: "draining"))
            #expect(window.nextRetryTime() == now + .milliseconds(wait))
            now += .milliseconds(wait)
            #expect(window.nextRetry(at: now) == id)
        }
        #expect(window.nextRetryTime() == now + .seconds(1))
    }

    @Test func sendsEverythingAgainWhenAConnectionComesBack() {
        var window = Self.window(3)
        let ids = (0..<3).map { window.submit(events: 1, at: .milliseconds($0)) }
        _ = window.receive(.unavailable(reason: "x"), for: ids[1], at: .milliseconds(10))
        _ = window.receive(.rejected(reason: "x"), for: ids[2], at: .milliseconds(10))
        window.reconnect(at: .milliseconds(20))
        #expect(window.nextRetry(at: .milliseconds(20)) == ids[0])
        #expect(window.nextRetry(at: .milliseconds(20)) == ids[1])
        #expect(window.nextRetry(at: .milliseconds(20)) == nil)
        #expect(window.nextRetryTime() == .milliseconds(1020))
    }

    /// A message that breaks its connection must not be resent as fast as connections are made.
    @Test func slowsDownWhenConnectionsBreakWithoutAnAnswer() {
        var window = Self.window(2)
        let first = window.submit(events: 1, at: .zero)
        var now: Duration = .zero
        for wait in [0, 200, 400, 800, 1000, 1000] {
            window.reconnect(at: now)
            #expect(window.nextRetryTime() == now + .milliseconds(wait))
            now += .milliseconds(wait)
            #expect(window.nextRetry(at: now) == first)
        }
        let second = window.submit(events: 1, at: now)
        _ = window.receive(.committed(Reply.Committed(events: 1)), for: first, at: now)
        window.reconnect(at: now)
        #expect(window.nextRetryTime() == now && window.nextRetry(at: now) == second)
    }

    /// Every sequence of six steps over a window of two, against a model that is as simple as
    /// possible.
    @Test func agreesWithThePlainModelInEverySmallCase() {
        var cases = 0
        for code in 0..<Self.power(Step.all.count, 6) {
            var rest = code
            var run = ModelRun()
            for _ in 0..<6 {
                run.take(Step.all[rest % Step.all.count])
                rest /= Step.all.count
            }
            cases += 1
            if !run.agrees {
                Issue.record("sequence \(code) does not agree with the model")
                return
            }
        }
        #expect(cases == 117_649)
    }

    private static func power(_ base: Int, _ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

private enum Step {
    case submit, commitFirst, commitLast, reject, unavailable, reconnect, wait
    static let all: [Step] = [
        .submit, .commitFirst, .commitLast, .reject, .unavailable, .reconnect, .wait,
    ]
}

/// A window and the model: messages in flight, each with its due time.
private struct ModelRun {
    private struct Waiting { var due: Duration; var unanswered = 1; var putOffs = 0 }

    private var window = AcknowledgementWindow(
        capacity: 2,
        pace: RetryPace(first: .milliseconds(500), longest: .seconds(2))
    )
    private var waiting: [UInt64: Waiting] = [:]
    private var newest: UInt64 = 0
    private var late = 0
    private var retried = 0
    private var fruitless = 0
    private var now: Duration = .zero
    private(set) var agrees = true

    mutating func take(_ step: Step) {
        switch step {
        case .submit:
            guard window.hasRoom else { break }
            newest = window.submit(events: 1, at: now)
            check(waiting[newest] == nil)
            waiting[newest] = Waiting(due: now + .milliseconds(500))
        case .commitFirst: settle(1, with: .committed(Reply.Committed(events: 1)))
        case .commitLast: settle(newest, with: .committed(Reply.Committed(events: 1)))
        case .reject: settle(1, with: .rejected(reason: "no"))
        case .unavailable: putOff()
        case .reconnect:
            window.reconnect(at: now)
            for id in waiting.keys {
                waiting[id]?.due = now + Self.putOffWait(fruitless)
                waiting[id]?.unanswered = 0
            }
            fruitless += 1
        case .wait: wait()
        }
        check(window.inFlight == waiting.count && window.hasRoom == (waiting.count < 2))
        check(window.late == late && window.retried == retried)
        check(window.nextRetryTime() == waiting.values.map(\.due).min())
    }

    private static func putOffWait(_ times: Int) -> Duration {
        .milliseconds(times == 0 ? 0 : min(1000, 100 << min(times, 10)))
    }

    private mutating func settle(_ id: UInt64, with reply: Reply) {
        let action = window.receive(reply, for: id, at: now)
        if waiting.removeValue(forKey: id) == nil {
            late += 1
            check(action == .ignored(id: id))
        } else {
            fruitless = 0
            check(action != .ignored(id: id))
        }
    }

    private mutating func putOff() {
        let action = window.receive(.unavailable(reason: "later"), for: newest, at: now)
        guard var message = waiting[newest] else {
            late += 1
            return check(action == .ignored(id: newest))
        }
        message.putOffs += 1
        message.unanswered = 0
        message.due = now + Self.putOffWait(message.putOffs)
        waiting[newest] = message
        check(action == .putOff(id: newest, reason: "later"))
    }

    private mutating func wait() {
        now += .milliseconds(500)
        var named: Set<UInt64> = []
        while let id = window.nextRetry(at: now) { check(named.insert(id).inserted) }
        let expected = waiting.filter { $0.value.due <= now }.keys
        check(named == Set(expected))
        for id in named {
            let times = waiting[id]?.unanswered ?? 0
            waiting[id]?.due = now + .milliseconds(min(2000, 500 << min(times, 10)))
            waiting[id]?.unanswered += 1
        }
        retried += named.count
    }

    private mutating func check(_ condition: Bool) { agrees = agrees && condition }
}
