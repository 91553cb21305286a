import CPlatform
import Glibc
package import Ring
import Synchronization
package import ZeroMQ

/// One source: takes messages from its socket into the writers' rings, and sends answers back.
///
/// A stage with a duty cycle and no thread: ``doWork()`` does what there is to do, up to a bound,
/// and ``idle()`` waits for more. One thread calls both; only it touches the socket. Everything
/// that is asked of the receiver or told by it goes through ``ReceiverShared``.
///
/// Back-pressure: a message that fits in no ring stays here, and nothing more is received until the
/// writer signals room; libzmq's queues fill, the producers' sends block, nothing is lost.
package struct Receiver: ~Copyable {
    /// Messages of one duty cycle.
    static let batchMax = 256
    /// Bytes of them: the writers are looked at anew before one of them is far behind.
    static let batchBytesMax = 256 << 10
    /// How long ``idle()`` waits at most, so that a lost signal could cost no more than this.
    static let idleMilliseconds = 750
    /// How long to let messages gather after a round that left none, so that one wake-up brings
    /// many of them.
    ///
    /// The system adds some 50 µs (timer slack).
    static let gatherMicroseconds: UInt32 = 100
    /// Some two milliseconds of a writer's work; more than gathers while it dozes.
    static let backlogBytesMax = 1 << 20
    /// How long to leave the processor to writers that have all fallen behind, for each
    /// ``backlogBytesMax`` up to ``aheadBacklogsMax``: less than a writer needs for them.
    static let aheadMicroseconds: UInt32 = 2_000
    static let aheadBacklogsMax: UInt32 = 4
    /// How long a drain takes in what producers keep sending.
    static let drainNanosecondsMax: Int64 = 1_000_000_000
    /// How long nothing must come before a drain believes that nothing is on its way: what stands
    /// in the system's socket buffers reaches libzmq's queues only after what stands before it was
    /// received.
    static let drainQuietNanoseconds: Int64 = 50_000_000
    static let drainIdleMilliseconds = 10
    /// While intake is held libzmq has to be asked to tidy up after connections.
    static let heldIdleMilliseconds = 100

    let index: Int
    let configuration: SourceConfiguration
    let isRouter: Bool
    let shared: ReceiverShared
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
    /// What came while intake was held.
    var held = HeldRecords()
    /// Whether no ring has room for the first of them.
    var heldWaits = false
    // Noncopyable ends cannot stand in an array. They are reached as `(rings + at).pointee`: a
    // mutating call through the subscript stops Swift 6.3.1 when it compiles for ThreadSanitizer.
    let rings: UnsafeMutablePointer<RingProducer>
    let ringCount: Int
    /// Bytes in a ring from which its writer has fallen behind: half the ring, at most
    /// ``backlogBytesMax``.
    let backlogBytes: Int
    /// What fits into a record of any ring.
    let payloadBytesMax: Int
    let acknowledgements: UnsafeMutablePointer<RingConsumer>
    /// The ring that messages go to now.
    var target = 0
    /// Whether ``message`` holds a payload that fits in no ring.
    var isHolding = false
    /// Bytes of the payloads put into rings in the current round.
    var payloadBytes = 0
    /// Whether the current round took messages and left none.
    var hasEmptied = false
    /// Bytes in the ring of the writer that is least behind, where all have fallen behind; else 0.
    var aheadBytes = 0
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
    ///
    /// - `rings`: to each writer, in the writers' order; `acknowledgements`: from each writer's
    ///   committer.
    package init(
        index: Int,
        _ configuration: SourceConfiguration,
        in context: Context,
        rings: [RingBuffer],
        parkers: [Parker],
        acknowledgements: [RingBuffer],
        shared: ReceiverShared
    ) throws(IntakeError) {
        self.index = index
        self.configuration = configuration
        isRouter = configuration.pattern == .router
        self.shared = shared
        backlogBytes = min((rings.map(\.capacity).min() ?? 0) / 2, Self.backlogBytesMax)
        let overhead = IntakeRecord.headerByteCount + (isRouter ? PeerAddress.byteCountMax : 0)
        payloadBytesMax = (rings.map(\.recordBytesMax).min() ?? 0) - overhead
        table = ConnectionTable(connectionsMax: configuration.connectionsMax)
        sockets = try SourceSockets.open(configuration, index: index, in: context)
        poll = PollSet(capacity: 3)
        socketAt = poll.add(sockets.socket, readable: true, writable: false)
        signalAt = poll.add(descriptor: shared.eventDescriptor)
        monitorAt = poll.add(sockets.monitor, readable: true, writable: false)
        ringCount = rings.count
        self.rings = .allocate(capacity: rings.count)
        self.acknowledgements = .allocate(capacity: rings.count)
        for at in 0..<rings.count {
            (self.rings + at).initialize(to: RingProducer(rings[at], consumer: parkers[at]))
            (self.acknowledgements + at).initialize(to: RingConsumer(acknowledgements[at]))
        }
    }

    deinit {
        rings.deinitialize(count: ringCount)
        rings.deallocate()
        acknowledgements.deinitialize(count: ringCount)
        acknowledgements.deallocate()
        answerText.deallocate()
    }

    /// Where it listens (with the ports the system assigned) and connects.
    package var endpoints: [String] { sockets.bound + configuration.connect }

    /// Whether everything asked of it is done, and the thread may end.
    package var isFinished: Bool {
        shared.intakeEnded.load(ordering: .relaxed) && shared.requests.contains(.closing)
            && (0..<ringCount).allSatisfy { (acknowledgements + $0).pointee.isEmpty }
    }

    /// One round: answers out, messages in.
    ///
    /// Gives how many; 0 is idle.
    package mutating func doWork() throws(ZeroMQError) -> Int {
        let requests = shared.requests
        try tend()
        let answered = try sendAcknowledgements()
        if requests.contains(.draining) { return try answered + drain() }
        guard requests.isDisjoint(with: .held) else { return try answered + sweep() }
        return try answered + receiveBatch()
    }

    /// To be called after a round with work: lets messages gather where the round left none, and
    /// writers work where all are behind.
    ///
    /// Not for writers if messages come from publishers, who do not wait but drop, nor in a drain,
    /// which takes in what it can while there is time.
    package mutating func gather() {
        let pause = pauseMicroseconds
        hasEmptied = false
        if pause > 0 { usleep(pause) }
    }

    /// How long to pause after the round.
    var pauseMicroseconds: UInt32 {
        if hasEmptied { return Self.gatherMicroseconds }
        guard aheadBytes > 0, configuration.pattern != .sub, !shared.requests.contains(.draining)
        else { return 0 }
        let backlogs = UInt32(clamping: max(1, aheadBytes / Self.backlogBytesMax))
        return min(backlogs, Self.aheadBacklogsMax) * Self.aheadMicroseconds
    }

    /// Waits for messages (unless held or stalled), answers, room or requests.
    package mutating func idle() throws(ZeroMQError) {
        let requests = shared.requests
        let isDraining = requests.contains(.draining)
        let isRefusing = isDraining && isRouter
        let isHeld = !requests.isDisjoint(with: .held)
        let takesMessages =
            isRefusing
            || !isHolding && !heldWaits && (!isHeld || isSweeping)
                && !shared.intakeEnded.load(ordering: .relaxed)
        if takesMessages != isPolling {
            poll.setEnabled(socketAt, takesMessages)
            isPolling = takesMessages
        }
        var timeout = isDraining ? Self.drainIdleMilliseconds : Self.idleMilliseconds
        if isHeld { timeout = min(timeout, Self.heldIdleMilliseconds) }
        if try poll.wait(timeout: timeout) == 0 { return }
        if poll.isReadable(signalAt) { cplatform_eventfd_drain(shared.eventDescriptor) }
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
        let now = cplatform_monotonic_ns()
        let deadline = drainDeadline ?? now + Self.drainNanosecondsMax
        drainDeadline = deadline
        let received = try receiveBatch()
        if received > 0 || lastDrained == nil { lastDrained = now }
        let isQuiet = now - (lastDrained ?? now) >= Self.drainQuietNanoseconds
        if isQuiet || now >= deadline, !isHolding, held.isEmpty {
            shared.intakeEnded.store(true, ordering: .releasing)
        }
        return received
    }
}
