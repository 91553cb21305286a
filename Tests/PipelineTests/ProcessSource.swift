import Agents
import Glibc
import Intake
import Synchronization

/// A source in the test's own process, without sockets: tests hand over messages and read answers.
final class ProcessSource: IntakeSource, @unchecked Sendable {
    // Unchecked: only the source's thread uses the lane.
    private var lane: Lane
    let shared: SourceShared
    private let isAnswered: Bool
    private let state = Mutex(State())

    let endpoints = ["process"]

    private struct Message {
        var id: String
        var payload: [UInt8]
    }

    private struct State {
        var waiting: [Message] = []
        var answers: [String: Answer] = [:]
        var timesHeld = 0
        var fails = false
        var isClosed = false
    }

    init(_ place: SourcePlace, isAnswered: Bool) {
        lane = Lane(place)
        shared = place.shared
        self.isAnswered = isAnswered
    }

    // MARK: - Any thread

    /// Hands over a message; its id is its return address.
    func send(_ id: String, _ payload: String) {
        state.withLock { $0.waiting.append(Message(id: id, payload: Array(payload.utf8))) }
        shared.signal()
    }

    /// Makes the next round fail.
    func fail() {
        state.withLock { $0.fails = true }
        shared.signal()
    }

    /// The answers so far, by id.
    var answers: [String: Answer] { state.withLock { $0.answers } }
    /// Messages that were not taken in yet.
    var waitingCount: Int { state.withLock { $0.waiting.count } }
    /// How often a message fitted in no ring.
    var timesHeld: Int { state.withLock { $0.timesHeld } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    // MARK: - The source's thread

    var isFinished: Bool { lane.isFinished }

    func doWork() throws(IntakeError) -> Int {
        if state.withLock({ $0.fails }) { throw IntakeError("the test's failure") }
        var count = 0
        while let posted = lane.nextAnswer() {
            answer(String(decoding: posted.returnAddress, as: UTF8.self), posted.answer)
            count += 1
        }
        let requests = shared.requests
        if requests.contains(.draining) { return count + drain() }
        return requests.isDisjoint(with: .held) ? count + takeIn() : count
    }

    private func answer(_ id: String, _ answer: Answer) {
        state.withLock { $0.answers[id] = answer }
        shared.acknowledged.count()
    }

    private func takeIn(duringHold: Bool = false) -> Int {
        var count = 0
        lane.begin()
        while lane.hasRoomInRound(count), let message = next(duringHold: duringHold) {
            guard offer(message) else {
                state.withLock { $0.timesHeld += 1 }
                break
            }
            state.withLock { _ = $0.waiting.removeFirst() }
            count += 1
        }
        lane.end(messages: count)
        return count
    }

    /// The next message that may be taken in; nil while there is none.
    ///
    /// The lock orders the look at the requests after a `send` of a thread that paused the source
    /// before: what is sent after the pause is not taken in by a round that began before it.
    private func next(duringHold: Bool) -> Message? {
        state.withLock { state in
            duringHold || shared.requests.isDisjoint(with: .held) ? state.waiting.first : nil
        }
    }

    private func offer(_ message: Message) -> Bool {
        let address = isAnswered ? Array(message.id.utf8) : []
        return message.payload.withUnsafeBytes { payload in
            address.withUnsafeBytes { address in
                lane.offer(
                    IntakeRecord(
                        source: lane.index,
                        isAnswered: isAnswered,
                        receivedAt: PipelineClock.wallMicroseconds,
                        returnAddress: address,
                        payload: payload
                    )
                )
            }
        }
    }

    /// Takes in the messages without an answer, and refuses the rest.
    private func drain() -> Int {
        if isAnswered {
            if lane.isHolding { lane.stopHolding() }
            let refused = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for message in refused { answer(message.id, .unavailable("draining")) }
            shared.intakeEnded.store(true, ordering: .releasing)
            return refused.count
        }
        let count = takeIn(duringHold: true)
        if waitingCount == 0 { shared.intakeEnded.store(true, ordering: .releasing) }
        return count
    }

    func idle(after count: Int) -> IdleStrategy {
        count > 0 ? .none : .wait(nanoseconds: 100_000_000)
    }

    func wait(nanoseconds: Int64) throws(IntakeError) {
        var descriptor = pollfd(fd: shared.eventDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, Int32(nanoseconds / 1_000_000)) > 0 else { return }
        shared.drainSignal()
    }

    func takeNotices() -> [PeerNotice] { [] }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
