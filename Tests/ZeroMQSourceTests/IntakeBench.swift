import Agents
import Foundation
import Ring
import Synchronization
import TestSupport
import Testing
import Wire
import ZeroMQ

@testable import Intake
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

/// A receiver with real sockets, run on the test's own thread, and the writers' ends of its rings.
final class IntakeBench {
    let context: Context
    let shared: SourceShared
    var receiver: Receiver
    /// Runs the handshakes' gate, as a thread of the pipeline does.
    private let gate: GateThread
    private let consumers: [RingBuffer]
    private let answers: [RingBuffer]
    /// The messages taken so far, by ring.
    private(set) var taken: [[Taken]]

    init(
        _ configuration: SourceConfiguration,
        writers: Int = 1,
        ringBytes: Int = 1 << 20,
        context: Context? = nil
    ) throws {
        let context = try context ?? Context()
        let shared = try SourceShared()
        let gate = try GateThread(in: context)
        let rings = try (0..<writers).map { _ in try RingBuffer(capacity: ringBytes) }
        let answers = try (0..<writers).map { _ in try RingBuffer(capacity: 1 << 16) }
        let receiver = try Receiver(
            configuration,
            in: context,
            at: SourcePlace(
                index: 3,
                rings: rings,
                parkers: (0..<writers).map { _ in Parker() },
                answers: answers,
                shared: shared
            )
        )
        self.context = context
        self.gate = gate
        self.shared = shared
        consumers = rings
        self.answers = answers
        taken = Array(repeating: [], count: writers)
        self.receiver = receiver
    }

    var endpoint: String { receiver.endpoints[0] }
    var isFinished: Bool { receiver.isFinished }
    var all: [Taken] { taken.flatMap { $0 } }

    /// Runs one round of the receiver, without waiting.
    func work() throws -> Int { try receiver.doWork() }

    /// Runs one turn of the thread that owns the receiver.
    func turn() throws {
        guard try receiver.doWork() == 0 else { return }
        guard case .wait(let nanoseconds) = receiver.idle(after: 0) else { return }
        try receiver.wait(milliseconds: Int(nanoseconds / 1_000_000))
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
            try turn()
            if taking { take() }
            onEachTurn(self)
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

/// A thread that runs a context's handshake gate, as a thread of the pipeline does.
final class GateThread: Sendable {
    private let gate: Gate
    private let ended = DispatchSemaphore(value: 0)

    init(in context: Context) throws {
        let gate = try Gate(in: context)
        self.gate = gate
        let ended = ended
        Thread.detachNewThread { Self.run(gate, ended) }
    }

    deinit {
        gate.finish()
        ended.wait()
    }

    private static func run(_ gate: Gate, _ ended: DispatchSemaphore) {
        defer { ended.signal() }
        while !gate.isFinished {
            guard let count = try? gate.doWork() else { break }
            guard case .wait(let nanoseconds) = gate.idle(after: count) else { continue }
            if (try? gate.wait(nanoseconds: nanoseconds)) == nil { break }
        }
        gate.close()
    }
}

/// A producer's socket.
final class Peer {
    let socket: Socket
    private var message = Message()

    init(
        _ pattern: Socket.Pattern,
        _ endpoint: String,
        in context: Context,
        id: [UInt8]? = nil,
        probes: Bool = false
    ) throws {
        let socket = try Socket(pattern, in: context)
        if probes { try socket.setProbeRouter(true) }
        try socket.setLinger(.zero)
        try socket.setSendTimeout(.seconds(20))
        if let id { try id.withUnsafeBytes { try socket.setRoutingId($0) } }
        try socket.connect(endpoint)
        self.socket = socket
    }

    func send(_ frames: [UInt8]...) throws {
        try sendFrames(frames)
    }

    func sendFrames(_ frames: [[UInt8]]) throws {
        for (at, frame) in frames.enumerated() {
            let isSent = try frame.withUnsafeBytes {
                try socket.send($0, more: at < frames.count - 1, wait: true)
            }
            try #require(isSent, "the message could not be queued in 20 seconds")
        }
    }

    func send(_ texts: String...) throws {
        for (at, text) in texts.enumerated() {
            let isSent = try Array(text.utf8).withUnsafeBytes {
                try socket.send($0, more: at < texts.count - 1, wait: true)
            }
            try #require(isSent, "the message could not be queued in 20 seconds")
        }
    }

    /// The frames of the next message; nil when there is none yet.
    func receive() throws -> [[UInt8]]? {
        guard try socket.receive(&message, wait: false) else { return nil }
        var frames = [Array(message.bytes)]
        while message.hasMore {
            guard try socket.receive(&message, wait: true) else { break }
            frames.append(Array(message.bytes))
        }
        return frames
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
