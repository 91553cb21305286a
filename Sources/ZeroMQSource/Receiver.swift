import Agents
import Intake
import Platform
import Synchronization
import Wire
import ZeroMQ

/// One source: receives messages from its socket into its lane, and sends answers back.
///
/// A stage with a duty cycle and no thread: ``doWork()`` does a bounded amount of the work at hand,
/// and ``wait(milliseconds:)`` waits for more. One thread calls both; only it touches the socket.
/// All requests to the receiver and all reports from it go through `SourceShared`.
///
/// Back-pressure: a message that fits in no ring stays in ``message``, and nothing more is received
/// until a writer signals room; libzmq's queues fill, the producers' sends block, nothing is lost.
struct Receiver: ~Copyable {
    /// The longest wait, which bounds the delay after a lost signal.
    static let idleMilliseconds = 750
    /// How long to let messages accumulate after a round that emptied the socket, so that one
    /// wake-up delivers many.
    ///
    /// The system adds about 50 µs (timer slack).
    static let gatherMicroseconds: UInt32 = 100
    /// How long a drain receives messages from producers that keep sending.
    static let drainNanosecondsMax: Int64 = 1_000_000_000
    /// How long a drain must receive nothing before it assumes that nothing is on its way: libzmq
    /// reads the system's socket buffers only after earlier messages in its queues were received.
    static let drainQuietNanoseconds: Int64 = 50_000_000
    static let drainIdleMilliseconds = 10
    /// The longest wait while intake is held: libzmq must be called to clean up connections.
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
    /// The topic of ``message`` where that is a channel.
    private var topic = TopicNote()
    /// ``ConnectionTable/changes`` when the address' connection was looked up.
    var lookedUpAt = -1
    /// Bytes on the wire of the frames ahead of the payload.
    var frameBytes = 0
    var table: ConnectionTable
    var watch = PeerWatch()
    /// The longest payload that fits into a record of any ring.
    let payloadBytesMax: Int
    /// Whether the current round received messages and left none.
    var hasEmptied = false
    /// Buffer for the text of the answer being sent, if nothing of its message was refused.
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
    /// The caller may be another thread than the one that works later, as long as starting that
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
        let noteBytes = 2 + RequestNote.headerByteCount + RequestNote.textBytesMax
        let overhead =
            IntakeRecord.headerByteCount + (isRouter ? PeerAddress.byteCountMax : 0)
            + (configuration.topicIsChannel ? noteBytes : 0)
        payloadBytesMax = lane.recordBytesMax - overhead
        table = ConnectionTable(connectionsMax: configuration.connectionsMax)
        sockets = try SourceSockets.open(configuration, index: place.index, in: context)
        poll = PollSet(capacity: 3)
        socketAt = poll.add(sockets.socket, readable: true, writable: false)
        signalAt = poll.add(descriptor: place.shared.eventDescriptor)
        monitorAt = poll.add(sockets.monitor, readable: true, writable: false)
    }

    /// The note of ``message``; empty for none.
    var note: UnsafeRawBufferPointer { topic.bytes }

    /// Takes the topic in ``message``, where it is a channel.
    @inline(never)
    mutating func takeTopic() { topic.take(message.bytes) }

    /// Forgets the topic of an earlier message, before one that has none.
    @inline(never)
    mutating func forgetTopic() { topic.take(UnsafeRawBufferPointer(start: nil, count: 0)) }

    deinit {
        answerText.deallocate()
    }

    /// Where it listens (with the ports the system assigned) and connects.
    var endpoints: [String] { sockets.bound + configuration.connect }

    /// Whether all requested work is done, so that the thread may end.
    var isFinished: Bool { lane.isFinished }

    /// Runs one round: sends answers, receives messages.
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

    /// How to wait after a round: lets messages accumulate if none were left, and yields to the
    /// writers if all are behind.
    ///
    /// It does not yield for publishers' messages, because publishers drop instead of waiting, nor
    /// in a drain, which receives as much as it can in its time.
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
    /// Nothing is unbound or disconnected: that would cut off peers that still wait for an answer,
    /// and drop arrived messages.
    ///
    /// A router receives nothing more and answers every request "unavailable" until it closes; the
    /// others receive what has arrived, until nothing arrives for a moment or the time is up.
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
