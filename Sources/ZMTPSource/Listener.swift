import Agents
import Glibc
import Intake
import Platform
import Synchronization
import Wire

/// One listening source: accepts producers, reads their messages into its lane, and sends answers.
///
/// A stage with a duty cycle and no thread: ``doWork()`` does a bounded amount of the work at hand,
/// and ``wait(nanoseconds:)`` waits for more. One thread calls both. It reads the sockets itself:
/// a payload is copied once, from the read buffer into a ring.
///
/// Back-pressure: a message that fits in no ring stays in the read buffer, and nothing more is read
/// until a writer signals room. The system's buffers fill, the producers' sends block, nothing is
/// lost.
struct Listener: ~Copyable {
    /// The longest wait, which bounds the delay after a lost signal.
    private static let idleNanoseconds: Int64 = 750_000_000
    /// How long to wait for writers to get on with what connections share.
    private static let turnNanoseconds: Int64 = 1_000_000
    /// How long to let messages accumulate after a round that left none, so that one wake-up
    /// delivers many.
    private static let gatherMicroseconds: UInt32 = 100
    /// How long a drain receives messages from producers that keep sending, and how long it must
    /// receive nothing before it ends.
    private static let drainNanosecondsMax: Int64 = 1_000_000_000
    private static let drainQuietNanoseconds: Int64 = 50_000_000
    private static let drainIdleNanoseconds: Int64 = 10_000_000
    /// How long answers may take to leave when the source closes.
    private static let lingerNanoseconds: Int64 = 2_000_000_000

    let configuration: ListenerConfiguration
    let shared: SourceShared
    var lane: Lane
    var connections: ConnectionSet
    var reading: Reading
    var notices = PeerNotices()
    var turns = Turns()
    var door: Door
    /// Monotonic nanoseconds at the start of the round.
    private(set) var now = SystemClock.monotonicNanoseconds
    /// Nanoseconds that its clock is ahead of the system's; only tests move it.
    var clockLead: Int64 = 0
    /// Whether the current round received messages and left none.
    private var hasEmptied = false
    private var drainDeadline: Int64?
    /// When a drain last received something.
    private var lastDrained: Int64?
    private var lingerDeadline: Int64?

    /// Binds all endpoints.
    ///
    /// The caller may be another thread than the one that works later, as long as starting that
    /// thread orders memory.
    init(_ configuration: ListenerConfiguration, at place: SourcePlace) throws(IntakeError) {
        self.configuration = configuration
        shared = place.shared
        lane = Lane(place)
        if let keys = configuration.keys {
            try SelfTest.run(keys, configuration.pattern.type)
        }
        let endpoints = try Endpoints(configuration)
        connections = try ConnectionSet(
            connectionsMax: configuration.connectionsMax,
            signal: place.shared.eventDescriptor,
            endpoints: endpoints
        )
        door = Door(endpoints)
        let isRouter = configuration.pattern == .router
        let overhead = IntakeRecord.headerByteCount + (isRouter ? PeerAddress.byteCountMax : 0)
        reading = Reading(
            MessageSplitter(
                isAnswered: isRouter,
                frameBytesMax: configuration.messageBytesMax,
                payloadBytesMax: lane.recordBytesMax - overhead
            )
        )
    }

    var isRouter: Bool { configuration.pattern == .router }

    /// Whether all requested work is done, so that the thread may end.
    var isFinished: Bool {
        guard lane.isFinished else { return false }
        return !connections.hasListed && !door.hasUnsent || now >= lingerDeadline ?? .max
    }

    /// Runs one round: accepts, sends answers, receives messages.
    ///
    /// Returns how many of the last two; 0 is idle.
    mutating func doWork() -> Int {
        now = SystemClock.monotonicNanoseconds &+ clockLead
        attend(milliseconds: 0)
        lookAtKeys()
        tend()
        let answered = sendAnswers()
        flush()
        let requests = shared.requests
        if requests.contains(.closing), lingerDeadline == nil {
            lingerDeadline = now + Self.lingerNanoseconds
        }
        defer { flush() }
        if requests.contains(.draining) { return answered + drain() }
        guard requests.isDisjoint(with: .held) else { return answered }
        let received = receive()
        hasEmptied = received.isAll && received.count > 0
        return answered + received.count
    }

    /// How to wait after a round: lets messages accumulate if none were left, and yields to the
    /// writers if all are behind.
    mutating func idle(after count: Int) -> IdleStrategy {
        if count == 0 {
            if !mayRead { return .wait(nanoseconds: Self.turnNanoseconds) }
            if let next = turns.untilNext(at: now, turn: Self.turnNanoseconds) {
                return .wait(nanoseconds: min(next, Self.idleNanoseconds))
            }
            let isDraining = shared.requests.contains(.draining)
            return .wait(
                nanoseconds: isDraining ? Self.drainIdleNanoseconds : Self.idleNanoseconds
            )
        }
        defer { hasEmptied = false }
        if hasEmptied { return .pause(.microseconds(Self.gatherMicroseconds)) }
        let pause = shared.requests.contains(.draining) ? 0 : lane.catchUpMicroseconds
        return pause > 0 ? .pause(.microseconds(pause)) : .none
    }

    /// Waits for messages (unless held or stalled), answers, room or requests.
    mutating func wait(nanoseconds: Int64) {
        attend(milliseconds: Int32(truncatingIfNeeded: nanoseconds / 1_000_000))
    }

    /// Whether connections are read now.
    var isReading: Bool { lane.takesMessages || isRefusing }

    /// Whether every request is answered "unavailable".
    var isRefusing: Bool { isRouter && shared.requests.contains(.draining) }

    private mutating func attend(milliseconds: Int32) {
        let count = connections.wait(
            milliseconds: milliseconds,
            forReaders: isReading && mayRead
        )
        for at in 0..<count {
            switch connections.wake(at) {
            case .signal: shared.drainSignal()
            case .endpoint(let endpoint): accept(endpoint)
            case .connection(let number, let state): attend(number, state)
            case .readers: break
            }
        }
    }

    private mutating func attend(_ number: UInt16, _ state: EventPoll.Interest) {
        guard let connection = connections[number] else { return }
        if state.contains(.writable) { flush(connection) }
        guard connection.pointee.isOpen else { return shakeHands(connection) }
        guard !state.isDisjoint(with: [.ending, .ended]) else { return }
        guard isRouter else { return connections.ignoreEnd(connection) }
        // One that is read ends when all it sent was read.
        if isReading, connection.pointee.hold.isEmpty { return }
        let isHeld = !shared.requests.isDisjoint(with: .held)
        // Its turn comes, or room in a ring.
        if !isHeld, connection.pointee.hold.isSubset(of: .waiting) {
            return connections.ignoreEnd(connection)
        }
        if isHeld { keepRequests(of: number) }
        if let connection = connections[number] { close(connection) }
    }

    /// Ends intake.
    ///
    /// Nothing is closed: that would cut off peers that still wait for an answer, and drop arrived
    /// messages. A router receives nothing more and answers every request "unavailable" until it
    /// closes; a pull source receives what has arrived, until nothing arrives for a moment or the
    /// time is up.
    private mutating func drain() -> Int {
        if isRouter {
            let refused = refuse(.unavailable("draining"))
            shared.intakeEnded.store(true, ordering: .releasing)
            return refused
        }
        guard !shared.intakeEnded.load(ordering: .relaxed) else { return 0 }
        let deadline = drainDeadline ?? now + Self.drainNanosecondsMax
        drainDeadline = deadline
        let received = receive().count
        if received > 0 || lastDrained == nil { lastDrained = now }
        let isQuiet = now - (lastDrained ?? now) >= Self.drainQuietNanoseconds
        if isQuiet || now >= deadline, !lane.waitsForRoom, turns.isEmpty {
            shared.intakeEnded.store(true, ordering: .releasing)
        }
        return received
    }
}
