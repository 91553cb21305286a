import Agents
import Platform
import Ring
import Synchronization
import TestSupport
import Testing
import Wire
import ZeroMQ

@testable import Intake
@testable import ZMTPSource
@testable import ZeroMQSource

/// A message as a writer found it in a ring.
struct Taken: Equatable {
    var isAnswered: Bool
    var routingID: [UInt8]
    /// The frames ahead of the payload.
    var envelope: [[UInt8]]
    var payload: [UInt8]
    /// The whole record, as the receiver wrote it.
    var record: [UInt8] = []

    var text: String { String(decoding: payload, as: UTF8.self) }
}

/// The kinds of source that producers connect to.
enum Engine: String, CaseIterable {
    case libzmq
    case listener
}

/// A source over libzmq, with the thread that its handshakes need.
final class ReceiverEnd {
    var receiver: Receiver
    private let gate: GateThread

    init(
        _ configuration: SourceConfiguration,
        in context: Context,
        at place: SourcePlace
    ) throws {
        gate = try GateThread(in: context)
        receiver = try Receiver(configuration, in: context, at: place)
    }
}

/// A listening source.
final class ListenerEnd {
    var listener: Listener

    init(_ configuration: SourceConfiguration, at place: SourcePlace) throws {
        listener = try Listener(
            ListenerConfiguration(
                name: configuration.name,
                pattern: configuration.pattern == .router ? .router : .pull,
                bind: configuration.bind,
                messageBytesMax: configuration.messageBytesMax,
                connectionsMax: configuration.connectionsMax
            ),
            at: place
        )
    }
}

/// A source with real sockets, run on the test's own thread, and the writers' ends of its rings.
final class IntakeBench {
    private enum End {
        case receiver(ReceiverEnd)
        case listener(ListenerEnd)
    }

    let shared: SourceShared
    private let end: End
    private let isRouter: Bool
    /// Monotonic nanoseconds that a listener's clock shows.
    private var frozenAt: Int64?
    private let consumers: [RingBuffer]
    private let answers: [RingBuffer]
    /// The messages taken so far, by ring.
    private(set) var taken: [[Taken]]

    init(
        _ engine: Engine,
        _ configuration: SourceConfiguration,
        writers: Int = 1,
        ringBytes: Int = 1 << 20,
        context: Context? = nil
    ) throws {
        let shared = try SourceShared()
        let rings = try (0..<writers).map { _ in try RingBuffer(capacity: ringBytes) }
        let answers = try (0..<writers).map { _ in try RingBuffer(capacity: 1 << 16) }
        let place = SourcePlace(
            index: 3,
            rings: rings,
            parkers: (0..<writers).map { _ in Parker() },
            answers: answers,
            shared: shared
        )
        switch engine {
        case .libzmq:
            let context = try context ?? Context()
            end = .receiver(try ReceiverEnd(configuration, in: context, at: place))
        case .listener: end = .listener(try ListenerEnd(configuration, at: place))
        }
        self.shared = shared
        isRouter = configuration.pattern == .router
        consumers = rings
        self.answers = answers
        taken = Array(repeating: [], count: writers)
    }

    var all: [Taken] { taken.flatMap { $0 } }
    var endpoint: String { endpoints[0] }

    var endpoints: [String] {
        switch end {
        case .receiver(let end): end.receiver.endpoints
        case .listener(let end): end.listener.door.endpoints.names
        }
    }

    var isFinished: Bool {
        switch end {
        case .receiver(let end): end.receiver.isFinished
        case .listener(let end): end.listener.isFinished
        }
    }

    var heldCount: Int {
        switch end {
        case .receiver(let end): end.receiver.lane.heldCount
        case .listener(let end): end.listener.lane.heldCount
        }
    }

    var heldWaits: Bool {
        switch end {
        case .receiver(let end): end.receiver.lane.heldWaits
        case .listener(let end): end.listener.lane.heldWaits
        }
    }

    /// The longest payload that a record can hold.
    var payloadBytesMax: Int {
        let recordBytesMax = consumers.map(\.recordBytesMax).min() ?? 0
        let overhead = IntakeRecord.headerByteCount + (isRouter ? PeerAddress.byteCountMax : 0)
        return recordBytesMax - overhead
    }

    /// Bytes that the least loaded writer is behind.
    var aheadBytes: Int {
        get {
            switch end {
            case .receiver(let end): end.receiver.lane.aheadBytes
            case .listener(let end): end.listener.lane.aheadBytes
            }
        }
        set {
            switch end {
            case .receiver(let end): end.receiver.lane.aheadBytes = newValue
            case .listener(let end): end.listener.lane.aheadBytes = newValue
            }
        }
    }

    /// The listener, for tests of it alone.
    func listening() throws -> ListenerEnd {
        guard case .listener(let end) = end else { throw IntakeError("no listener") }
        return end
    }

    func takeNotices() -> [PeerNotice] {
        switch end {
        case .receiver(let end): end.receiver.takeNotices()
        case .listener(let end): end.listener.notices.take()
        }
    }

    /// Runs one round of the source, without waiting.
    func work() throws -> Int {
        switch end {
        case .receiver(let end): return try end.receiver.doWork()
        case .listener(let end):
            if let frozenAt {
                end.listener.clockLead = frozenAt - SystemClock.monotonicNanoseconds
            }
            return end.listener.doWork()
        }
    }

    /// Lets no time pass for the listener from now on but by ``pass(seconds:)``.
    func freeze() { frozenAt = SystemClock.monotonicNanoseconds }

    /// Lets time pass for the listener, and runs a round.
    func pass(seconds: Double) throws {
        let now = frozenAt ?? SystemClock.monotonicNanoseconds
        frozenAt = now + Int64(seconds * 1e9)
        _ = try work()
    }

    private func idle(after count: Int) -> IdleStrategy {
        switch end {
        case .receiver(let end): end.receiver.idle(after: count)
        case .listener(let end): end.listener.idle(after: count)
        }
    }

    /// How long it pauses after a round with work; each call is the end of one.
    var pauseMicroseconds: UInt32 {
        guard case .pause(let pause) = idle(after: 1) else { return 0 }
        return pause.microseconds
    }

    /// Runs one turn of the thread that owns the source.
    func turn() throws {
        if try work() == 0 { try wait() }
    }

    private func wait() throws {
        guard case .wait(let nanoseconds) = idle(after: 0) else { return }
        switch end {
        case .receiver(let end): try end.receiver.wait(milliseconds: Int(nanoseconds / 1_000_000))
        case .listener(let end): end.listener.wait(nanoseconds: nanoseconds)
        }
    }

    /// Takes the messages in the rings, and frees their room as a writer does.
    func take(most: Int = .max) {
        for at in consumers.indices { take(ring: at, most: most) }
    }

    func take(ring at: Int, most: Int = .max) {
        var consumer = RingConsumer(consumers[at])
        var count = 0
        while count < most, let bytes = consumer.next() {
            let record = IntakeRecord(bytes)
            #expect(record.source == 3 && record.receivedAt > 1_700_000_000_000_000)
            taken[at].append(
                Taken(
                    isAnswered: record.isAnswered,
                    routingID: Array(AddressParts(record.returnAddress).routingID),
                    envelope: Self.frames(AddressParts(record.returnAddress).envelope),
                    payload: Array(record.payload),
                    record: Array(bytes)
                )
            )
            count += 1
        }
        consumer.release()
        if consumer.takeSpaceRequest() { shared.signal() }
    }

    private static func frames(_ envelope: UnsafeRawBufferPointer) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = EnvelopeFrames(envelope)
        while let frame = rest.next() { frames.append(Array(frame)) }
        return frames
    }

    /// Runs turns and takes messages until `isDone`; fails after half a minute.
    func run(
        until what: String,
        taking: Bool = true,
        _ isDone: (IntakeBench) throws -> Bool,
        onEachTurn: (IntakeBench) -> Void = { _ in }
    ) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try !isDone(self) {
            try #require(ContinuousClock.now < deadline, "waited half a minute until \(what)")
            let count = try work()
            if taking { take() }
            onEachTurn(self)
            guard count == 0 else { continue }
            // The round may have ended what is waited for.
            if try isDone(self) { return }
            try wait()
        }
    }

    /// Posts an answer as a committer does.
    func answer(_ taken: Taken, _ answer: Answer, ring: Int = 0) throws {
        var producer = RingProducer(answers[ring], consumer: Parker())
        try taken.record.withUnsafeBytes { bytes in
            let record = IntakeRecord(bytes)
            let size = PostedAnswer.byteCount(for: record, answer: answer.byteCount)
            guard let room = producer.claim(size) else {
                throw IntakeError("the answers' ring is full")
            }
            answer.write(to: PostedAnswer.writeAddress(of: record, to: room))
        }
        producer.publish()
        shared.signal()
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// An answer's bytes as a producer receives them.
func bytes(_ answer: Answer) -> [UInt8] { bytes(AnswerText.json(answer)) }

extension SourceConfiguration {
    static func local(
        _ pattern: Pattern,
        topics: [String] = [""],
        highWaterMark: Int = 1_000,
        messageBytesMax: Int = 4 << 20
    ) -> SourceConfiguration {
        SourceConfiguration(
            name: "test",
            pattern: pattern,
            bind: ["tcp://127.0.0.1:*"],
            topics: topics,
            highWaterMark: highWaterMark,
            messageBytesMax: messageBytesMax
        )
    }
}

/// The counters as plain numbers.
struct IntakeCounts {
    var messages: Int
    var bytes: Int
    var rejected: Int
    var acknowledged: Int
    var acknowledgementsDropped: Int
    var peers: Int
}

extension SourceShared {
    var isStalled: Bool { stalled.load(ordering: .relaxed) }
    var hasEnded: Bool { intakeEnded.load(ordering: .relaxed) }
    var count: IntakeCounts {
        IntakeCounts(
            messages: messages.load(ordering: .relaxed),
            bytes: bytes.load(ordering: .relaxed),
            rejected: rejected.load(ordering: .relaxed),
            acknowledged: acknowledged.load(ordering: .relaxed),
            acknowledgementsDropped: acknowledgementsDropped.load(ordering: .relaxed),
            peers: peers.load(ordering: .relaxed)
        )
    }
}
