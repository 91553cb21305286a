import Agents
import Intake
import Platform
import Synchronization
import ZeroMQ

/// One source: takes messages from its socket into its lane, and sends answers back.
///
/// A stage with a duty cycle and no thread: ``doWork()`` does what there is to do, up to a bound,
/// and ``wait(milliseconds:)`` waits for more. One thread calls both; only it touches the socket.
/// Everything that is asked of the receiver or told by it goes through `SourceShared`.
///
/// Back-pressure: a message that fits in no ring stays in ``message``, and nothing more is received
/// until a writer signals room; libzmq's queues fill, the producers' sends block, nothing is lost.
struct Receiver: ~Copyable {
    /// How long to wait at most, so that a lost signal could cost no more than this.
    static let idleMilliseconds = 750
    /// How long to let messages gather after a round that left none, so that one wake-up brings
    /// many of them.
    ///
    /// The system adds some 50 µs (timer slack).
    static let gatherMicroseconds: UInt32 = 100
    /// How long a drain takes in what producers keep sending.
    static let drainNanosecondsMax: Int64 = 1_000_000_000
    /// How long nothing must come before a drain believes that nothing is on its way: what stands
    /// in the system's socket buffers reaches libzmq's queues only after what stands before it was
    /// received.
    static let drainQuietNanoseconds: Int64 = 50_000_000
    static let drainIdleMilliseconds = 10
    /// While intake is held libzmq has to be asked to tidy up after connections.
    static let heldIdleMilliseconds = 100

    let configuration: SourceConfiguration
    let isRouter: Bool
    let shared: SourceShared
    var lane: Lane
    let sockets: SourceSockets
    var poll: PollSet
    let socketAt: Int
    let signalAt: Int
    let monitorAt: Int
    var message = Message()
    var scratch = Message()
    var address = PeerAddress()
    /// ``ConnectionTable/changes`` when the address' connection was looked up.
    var lookedUpAt = -1
    /// Bytes on the wire of the frames in front of the payload.
    var frameBytes = 0
    var table: ConnectionTable
    var watch = PeerWatch()
    /// What fits into a record of any ring.
    let payloadBytesMax: Int
    /// Whether the current round took messages and left none.
    var hasEmptied = false
    /// The text of the answer that is being sent, where nothing of its message was refused.
    let answerText = UnsafeMutableRawBufferPointer.allocate(
        byteCount: AnswerText.committedBytesMax,
        alignment: 1
    )
    var drainDeadline: Int64?
    /// When a drain last received something.
    var lastDrained: Int64?
    var isPolling = true

    /// Sets up the socket, binds and connects.
    ///
    /// The caller may be another thread than the one that then works, as long as starting that
    /// thread orders memory.
    init(
        _ configuration: SourceConfiguration,
        in context: Context,
        at place: SourcePlace
    ) throws(IntakeError) {
        self.configuration = configuration
        isRouter = configuration.pattern == .router
        shared = place.shared
        lane = Lane(place)
        let overhead = IntakeRecord.headerByteCount + (isRouter ? PeerAddress.byteCountMax : 0)
        payloadBytesMax = lane.recordBytesMax - overhead
        table = ConnectionTable(connectionsMax: configuration.connectionsMax)
        sockets = try SourceSockets.open(configuration, index: place.index, in: context)
        poll = PollSet(capacity: 3)
        socketAt = poll.add(sockets.socket, readable: true, writable: false)
        signalAt = poll.add(descriptor: place.shared.eventDescriptor)
        monitorAt = poll.add(sockets.monitor, readable: true, writable: false)
    }

    deinit {
        answerText.deallocate()
    }

    /// Where it listens (with the ports the system assigned) and connects.
    var endpoints: [String] { sockets.bound + configuration.connect }

    /// Whether everything asked of it is done, and the thread may end.
    var isFinished: Bool { lane.isFinished }

    /// One round: answers out, messages in.
    ///
    /// Returns how many; 0 is idle.
    mutating func doWork() throws(ZeroMQError) -> Int {
        let requests = shared.requests
        try tend()
        let answered = try sendAcknowledgements()
        if requests.contains(.draining) { return try answered + drain() }
        guard requests.isDisjoint(with: .held) else { return try answered + sweep() }
        return try answered + receiveBatch()
    }

    /// How to wait after a round: lets messages gather where it left none, and writers work where all
    /// are behind.
    ///
    /// Not for writers if messages come from publishers, who do not wait but drop, nor in a drain,
    /// which takes in what it can while there is time.
    mutating func idle(after count: Int) -> IdleStrategy {
        if count == 0 { return .wait(nanoseconds: Int64(timeoutMilliseconds) * 1_000_000) }
        let pause = pauseMicroseconds
        hasEmptied = false
        return pause > 0 ? .pause(.microseconds(pause)) : .none
    }

    /// How long to pause after a round with work.
    var pauseMicroseconds: UInt32 {
        if hasEmptied { return Self.gatherMicroseconds }
        guard configuration.pattern != .sub, !shared.requests.contains(.draining) else { return 0 }
        return lane.catchUpMicroseconds
    }

    private var timeoutMilliseconds: Int {
        let requests = shared.requests
        let isDraining = requests.contains(.draining)
        let timeout = isDraining ? Self.drainIdleMilliseconds : Self.idleMilliseconds
        let isHeld = !requests.isDisjoint(with: .held)
        return isHeld ? min(timeout, Self.heldIdleMilliseconds) : timeout
    }

    /// Waits for messages (unless held or stalled), answers, room or requests.
    mutating func wait(milliseconds: Int) throws(ZeroMQError) {
        let requests = shared.requests
        let isRefusing = requests.contains(.draining) && isRouter
        let isHeld = !requests.isDisjoint(with: .held)
        let takesMessages =
            isRefusing
            || !lane.waitsForRoom && (!isHeld || isSweeping)
                && !shared.intakeEnded.load(ordering: .relaxed)
        if takesMessages != isPolling {
            poll.setEnabled(socketAt, takesMessages)
            isPolling = takesMessages
        }
        if try poll.wait(timeout: milliseconds) == 0 { return }
        if poll.isReadable(signalAt) { shared.drainSignal() }
        if poll.isReadable(monitorAt) { try watchPeers() }
    }

    /// Ends intake.
    ///
    /// Nothing is unbound or disconnected: that would cut off peers who still wait for an answer,
    /// and drop what has arrived.
    ///
    /// A router takes nothing more and answers every request "unavailable" until it closes; the
    /// others take in what has arrived, until nothing came for a moment or the time is up.
    private mutating func drain() throws(ZeroMQError) -> Int {
        if isRouter {
            let refused = try refuseBatch()
            shared.intakeEnded.store(true, ordering: .releasing)
            return refused
        }
        guard !shared.intakeEnded.load(ordering: .relaxed) else { return 0 }
        let now = SystemClock.monotonicNanoseconds
        let deadline = drainDeadline ?? now + Self.drainNanosecondsMax
        drainDeadline = deadline
        let received = try receiveBatch()
        if received > 0 || lastDrained == nil { lastDrained = now }
        let isQuiet = now - (lastDrained ?? now) >= Self.drainQuietNanoseconds
        if isQuiet || now >= deadline, !lane.isHolding, !lane.hasHeld {
            shared.intakeEnded.store(true, ordering: .releasing)
        }
        return received
    }
}
