import Intake
import NIOCore
import NIOHTTP1
import Platform
import Synchronization

/// One event loop of a source as a receiver.
///
/// It takes the requests of its connections into its lane, and hands the writers' answers back.
///
/// Everything in it runs on the loop's thread, which owns the lane.
///
/// Back-pressure: a request that fits in no ring waits with its connection, which is not read
/// meanwhile. Bodies that wait or have not come whole have a budget; beyond it nothing more of any
/// body is read.
final class Receiver {
    /// The time between two looks at deadlines and keys.
    static let tickMilliseconds: Int64 = 250
    /// Bytes of a record beside payload and note.
    private static let recordOverhead = 64
    /// How long the last answers may take to leave.
    private static let lingerNanoseconds: Int64 = 3_000_000_000
    /// How long a connection has no request before a drain ends it.
    private static let quietNanoseconds: Int64 = 1_000_000_000

    let configuration: HTTPConfiguration
    let shared: SourceShared
    let commons: LoopCommons
    private let bridge: LoopBridge
    let loop: any EventLoop
    private var lane: Lane
    private var handlers = HandlerTable()
    /// Connections that are asked beside their requests.
    private var watched: [ObjectIdentifier: any WatchedConnection] = [:]
    /// Open connections.
    private var connectionCount = 0
    private var round = Round()
    /// Requests that wait for room in a ring, oldest first.
    private var waiting = CircularBuffer<RequestHandler>()
    /// The first loop's.
    var listeners: Listeners?
    private var ending = Ending()
    private(set) var keys: WriteKeyTable
    private(set) var producers: KeyedProducers
    private var keyChanges: Int
    private(set) var doors: WebhookDoors
    private(set) var privacy: PrivacyRules
    private var privacyChanges: Int
    /// Whether bodies of some connections wait to be read.
    private var holdsReads = false
    /// The number of the last request.
    private var lastSerial: UInt64 = 0

    /// The messages that are published together.
    private struct Round {
        var isOpen = false
        var messages = 0
        /// Microseconds since 1970 UTC; messages of one time can be read together.
        var receivedAt: Int64 = 0
    }

    /// The progress of the source's end; monotonic nanoseconds.
    private struct Ending {
        /// When nothing more is taken in.
        var refusesAt: Int64?
        var isRefusing = false
        var isAnnounced = false
        /// When connections that are left are cut off.
        var deadline: Int64?
    }

    init(
        _ configuration: HTTPConfiguration,
        at place: SourcePlace,
        commons: LoopCommons,
        loop: any EventLoop,
        bridge: LoopBridge
    ) {
        self.configuration = configuration
        self.commons = commons
        self.bridge = bridge
        self.loop = loop
        shared = place.shared
        lane = Lane(place)
        keyChanges = configuration.keys.changes
        keys = configuration.keys.current
        producers = KeyedProducers(place.shared.peerBook, keys)
        doors = WebhookDoors(configuration.webhooks, place.shared.peerBook)
        privacyChanges = configuration.privacy.changes
        privacy = configuration.privacy.current
    }

    var timeouts: HTTPConfiguration.Timeouts { configuration.timeouts }
    var figures: RequestFigures { configuration.figures }

    /// Whether nothing more is taken in, for the rest of the run.
    var isDraining: Bool { ending.isRefusing }

    // MARK: - Connections

    /// Counts a connection until it ends; returns false if there is no room for another one.
    func admits(_ client: Client, _ channel: any Channel) -> Bool {
        guard commons.admit() else {
            shared.connections.refused.count()
            let why = "the source has \(commons.connectionCount) connections, the most it may have"
            commons.tell(.refused, client, why: why)
            return false
        }
        connectionCount += 1
        shared.connections.connects.count()
        shared.peers.store(connectionCount, ordering: .relaxed)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.countEnd() }
        return true
    }

    private func countEnd() {
        commons.leave()
        connectionCount -= 1
        shared.connections.disconnects.count()
        shared.peers.store(connectionCount, ordering: .relaxed)
    }

    /// Adds what waits for answers; returns its number, or nil if all are in use.
    func enter(_ handler: RequestHandler, name: String) -> UInt16? {
        guard let number = commons.takeNumber() else { return nil }
        handlers.add(handler, as: number)
        shared.peerBook.begin(number, name: name)
        return number
    }

    func leave(_ number: UInt16) {
        handlers.remove(number)
        if let at = waiting.firstIndex(where: { $0.number == number }) { waiting.remove(at: at) }
        commons.giveBack(number)
    }

    func watch(_ connection: any WatchedConnection) {
        watched[ObjectIdentifier(connection)] = connection
    }

    func unwatch(_ connection: any WatchedConnection) {
        watched[ObjectIdentifier(connection)] = nil
    }

    /// The number of another request, of whatever connection: an answer is never taken for that of a
    /// later request.
    func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    // MARK: - Bytes of bodies

    /// Whether a body may be read now; if not, its connection is told when it may.
    func mayRead() -> Bool {
        if !commons.isFull { return true }
        holdsReads = true
        return false
    }

    /// Gives bytes of bodies back that are in no ring.
    func release(_ bytes: Int) {
        guard bytes > 0 else { return }
        commons.release(bytes)
        resumeReading()
    }

    private func resumeReading() {
        guard holdsReads, !commons.isFull else { return }
        holdsReads = false
        handlers.forEach { $0.resumeReading() }
        for connection in watched.values { connection.resumeReading() }
    }

    // MARK: - Requests

    /// Puts a whole request into a ring, or lets it wait for room.
    func take(_ handler: RequestHandler) {
        if isDraining { return handler.answer(.draining) }
        let bytes = handler.body.bytes.readableBytes + handler.request.note.count
        guard bytes + Self.recordOverhead <= lane.recordBytesMax else {
            return handler.answer(tooLarge(handler.request))
        }
        guard waiting.isEmpty, offer(handler) else { return waiting.append(handler) }
    }

    private func offer(_ handler: RequestHandler) -> Bool {
        if !round.isOpen { openRound() }
        let number = handler.number
        let serial = handler.serial
        let producer = producers[handler.request]
        let bytes = handler.body.bytes.readableBytes
        let isTaken = handler.body.bytes.withUnsafeReadableBytes { payload in
            withUnsafeBytes(of: serial) { address in
                handler.request.note.withUnsafeBytes { note in
                    var record = IntakeRecord(
                        source: lane.index,
                        isAnswered: true,
                        peer: number,
                        producer: UInt16(truncatingIfNeeded: producer.number),
                        receivedAt: round.receivedAt,
                        returnAddress: address,
                        payload: payload
                    )
                    record.note = note
                    return lane.offer(record)
                }
            }
        }
        guard isTaken else { return false }
        handler.wasTaken()
        // One whose key is in its body is counted by the writer, which reads it.
        if handler.request.hasProducer || keys.isOpen {
            let now = SystemClock.monotonicNanoseconds
            producers.took(handler.request, bytes: bytes, at: now)
        }
        round.messages += 1
        if !lane.hasRoomInRound(round.messages) { closeRound() }
        return true
    }

    private func openRound() {
        lane.begin()
        round = Round(isOpen: true, receivedAt: SystemClock.wallMicroseconds)
        // After all that has arrived by now.
        loop.assumeIsolated().execute { self.closeRound() }
    }

    private func closeRound() {
        guard round.isOpen else { return }
        lane.end(messages: round.messages)
        round = Round()
    }

    // MARK: - Answers and requests of other threads

    /// Does what other threads ask for: answers, room in rings, flags.
    func attend() {
        while let posted = lane.nextAnswer() { hand(posted) }
        resumeReading()
        takeWaiting()
        let requests = shared.requests
        if requests.contains(.draining) { drain() }
        if ending.isRefusing, commons.isClosed { announceEnd() }
        if !requests.isDisjoint(with: .held) { refuseWaiting(.blocked(Self.reason(requests))) }
        if lane.isFinished { end() }
    }

    private func hand(_ posted: PostedAnswer) {
        let serial =
            posted.returnAddress.count == MemoryLayout<UInt64>.size
            ? posted.returnAddress.loadUnaligned(as: UInt64.self) : 0
        guard let handler = handlers[posted.peer], handler.serial == serial,
            handler.phase == .taken
        else {
            shared.acknowledgementsDropped.count()
            return
        }
        let answer = posted.answer
        if answer.status == .rejected {
            shared.rejected.count()
            if answer.reason == Reply.Code.unauthorized.rawValue {
                commons.tell(.unknownWriteKey, handler.client, why: Self.unknownKey)
            }
        } else {
            shared.acknowledged.count()
        }
        producers[handler.request].intake.addAnswer()
        handler.answer(Reply(answer))
    }

    private func takeWaiting() {
        while let handler = waiting.first {
            if handler.phase == .waiting, !offer(handler) { return }
            waiting.removeFirst()
        }
        if lane.waitsForRoom { lane.stopHolding() }
    }

    private func refuseWaiting(_ reply: Reply) {
        while let handler = waiting.popFirst() { handler.answer(reply) }
        if lane.waitsForRoom { lane.stopHolding() }
    }

    /// Why intake is held, as part of a sentence.
    static func reason(_ requests: SourceShared.Request) -> String {
        if requests.contains(.blocked) { return "the disk takes nothing" }
        if requests.contains(.paused) { return "an operator paused the source" }
        return "the collector is starting"
    }

    // MARK: - Time

    /// Ends what takes too long; called a few times per second.
    func tick() {
        let now = SystemClock.monotonicNanoseconds
        if configuration.keys.changes != keyChanges {
            keyChanges = configuration.keys.changes
            keys = configuration.keys.current
            producers.set(keys)
        }
        if configuration.privacy.changes != privacyChanges {
            privacyChanges = configuration.privacy.changes
            privacy = configuration.privacy.current
        }
        doors.refresh()
        attend()
        handlers.forEach { $0.look(at: now) }
        for connection in watched.values { connection.look(at: now) }
        if let deadline = ending.deadline, now >= deadline { cutAll() }
        bridge.beat()
    }

    // MARK: - The end

    /// Takes in nothing more, and accepts no more connections, once the grace is over; everything that
    /// waits is told so.
    private func drain() {
        let now = SystemClock.monotonicNanoseconds
        let refusesAt = ending.refusesAt ?? now &+ timeouts.grace
        ending.refusesAt = refusesAt
        guard now >= refusesAt, !ending.isRefusing else { return }
        ending.isRefusing = true
        // Before clients are told that it ends: those that connect again at once are refused.
        listeners?.close()
        closeRound()
        refuseWaiting(.draining)
        shared.intakeEnded.store(true, ordering: .releasing)
    }

    /// Tells clients to send elsewhere, once no connection can come: those that connect again at once
    /// are refused.
    private func announceEnd() {
        guard !ending.isAnnounced else { return }
        ending.isAnnounced = true
        for connection in watched.values { connection.announceEnd() }
    }

    /// Ends the connections that are left.
    private func end() {
        if ending.deadline == nil {
            ending.deadline = SystemClock.monotonicNanoseconds &+ Self.lingerNanoseconds
        }
        // The next request of a busy one may be under way: it gets its answer, and ends with that.
        handlers.forEach { $0.leave(ifIdleFor: Self.quietNanoseconds) }
        for connection in watched.values { connection.leave(ifIdleFor: Self.quietNanoseconds) }
        if connectionCount == 0, commons.isClosed { bridge.end() }
    }

    private func cutAll() {
        handlers.forEach { $0.cut() }
        for connection in watched.values { connection.cut() }
    }
}

/// What waits for answers on an event loop, by number.
struct HandlerTable {
    private var slots: [RequestHandler?] = [nil]

    subscript(number: UInt16) -> RequestHandler? {
        Int(number) < slots.count ? slots[Int(number)] : nil
    }

    mutating func add(_ handler: RequestHandler, as number: UInt16) {
        while slots.count <= Int(number) { slots.append(nil) }
        slots[Int(number)] = handler
    }

    mutating func remove(_ number: UInt16) { slots[Int(number)] = nil }

    /// Calls `body` with each; it may remove some.
    func forEach(_ body: (RequestHandler) -> Void) {
        for handler in slots { if let handler { body(handler) } }
    }
}
