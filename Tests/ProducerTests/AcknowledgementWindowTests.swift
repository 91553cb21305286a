import Producer
import Testing

@Suite struct AcknowledgementWindowTests {
    private static let second: Duration = .seconds(1)

    @Test func hasRoomForItsCapacityOnly() {
        var window = AcknowledgementWindow(capacity: 2, retryAfter: Self.second)
        let first = window.submit(events: 3, at: .zero)
        let second = window.submit(events: 4, at: .zero)
        #expect(first != second)
        #expect(!window.hasRoom && window.inFlight == 2 && window.eventsInFlight == 7)
        let action = window.receive(.committed(events: 3, quarantined: []), for: first, at: .zero)
        #expect(action == .acknowledged(id: first, events: 3, quarantined: []))
        #expect(window.hasRoom && window.eventsInFlight == 4)
    }

    @Test func namesUnansweredMessagesWhenTheirTimeHasCome() {
        var window = AcknowledgementWindow(capacity: 3, retryAfter: Self.second)
        let first = window.submit(events: 1, at: .zero)
        let second = window.submit(events: 1, at: .milliseconds(500))
        #expect(window.nextRetryTime() == .seconds(1))
        #expect(window.nextRetry(at: .milliseconds(999)) == nil)
        #expect(window.nextRetry(at: .seconds(1)) == first)
        #expect(window.nextRetry(at: .seconds(1)) == nil)
        #expect(window.nextRetryTime() == .milliseconds(1500))
        #expect(window.nextRetry(at: .seconds(2)) == second)
        #expect(window.nextRetry(at: .seconds(2)) == first)
        #expect(window.retried == 3)
    }

    @Test func ignoresTheSecondAnswer() {
        var window = AcknowledgementWindow(capacity: 1, retryAfter: Self.second)
        let id = window.submit(events: 1, at: .zero)
        _ = window.nextRetry(at: .seconds(1))
        _ = window.receive(.committed(events: 1, quarantined: []), for: id, at: .seconds(1))
        let again = window.receive(.rejected(reason: "x"), for: id, at: .seconds(1))
        #expect(again == .ignored(id: id))
        #expect(window.receive(.unavailable(reason: "x"), for: 99, at: .zero) == .ignored(id: 99))
        #expect(window.late == 2 && window.nextRetryTime() == nil)
    }

    @Test func putsOffWhileUnavailable() {
        var window = AcknowledgementWindow(capacity: 1, retryAfter: Self.second)
        let id = window.submit(events: 1, at: .zero)
        let action = window.receive(
            .unavailable(reason: "draining"),
            for: id,
            at: .milliseconds(600)
        )
        #expect(action == .putOff(id: id, reason: "draining"))
        #expect(window.nextRetry(at: .seconds(1)) == nil)
        #expect(window.nextRetryTime() == .milliseconds(1600))
        #expect(window.nextRetry(at: .milliseconds(1600)) == id)
    }

    /// Every sequence of six steps over a window of two, against a model that is as plain as can
    /// be.
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
        #expect(cases == 46656)
    }

    private static func power(_ base: Int, _ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

private enum Step {
    case submit, commitFirst, commitLast, reject, unavailable, wait
    static let all: [Step] = [.submit, .commitFirst, .commitLast, .reject, .unavailable, .wait]
}

/// A window and the model: messages in flight, each with the time at which it is due.
private struct ModelRun {
    private var window = AcknowledgementWindow(capacity: 2, retryAfter: .seconds(2))
    private var due: [UInt64: Duration] = [:]
    private var newest: UInt64 = 0
    private var late = 0
    private var retried = 0
    private var now: Duration = .zero
    private(set) var agrees = true

    mutating func take(_ step: Step) {
        switch step {
        case .submit:
            guard window.hasRoom else { break }
            newest = window.submit(events: 1, at: now)
            check(due[newest] == nil)
            due[newest] = now + .seconds(2)
        case .commitFirst: settle(1, with: .committed(events: 1, quarantined: []))
        case .commitLast: settle(newest, with: .committed(events: 1, quarantined: []))
        case .reject: settle(1, with: .rejected(reason: "no"))
        case .unavailable:
            let action = window.receive(.unavailable(reason: "later"), for: newest, at: now)
            if due[newest] == nil {
                late += 1
                check(action == .ignored(id: newest))
            } else {
                due[newest] = now + .seconds(2)
                check(action == .putOff(id: newest, reason: "later"))
            }
        case .wait: wait()
        }
        check(window.inFlight == due.count && window.hasRoom == (due.count < 2))
        check(window.late == late && window.retried == retried)
        check(window.nextRetryTime() == due.values.min())
    }

    private mutating func settle(_ id: UInt64, with reply: Reply) {
        let action = window.receive(reply, for: id, at: now)
        if due.removeValue(forKey: id) == nil {
            late += 1
            check(action == .ignored(id: id))
        } else {
            check(action != .ignored(id: id))
        }
    }

    private mutating func wait() {
        now += .seconds(1)
        var named: Set<UInt64> = []
        while let id = window.nextRetry(at: now) { check(named.insert(id).inserted) }
        let expected = due.filter { $0.value <= now }.keys
        check(named == Set(expected))
        for id in named { due[id] = now + .seconds(2) }
        retried += named.count
    }

    private mutating func check(_ condition: Bool) { agrees = agrees && condition }
}
