import Glibc
import Producer
import Synchronization
import TestSupport
import Testing
import Wire
import ZeroMQ

/// A real socket on its own thread that receives messages like a collector.
final class Collector: Sendable {
    /// A router's answer to message number `index` (0, 1, …); nil: no answer.
    typealias Answer = @Sendable (_ index: Int, _ payload: [UInt8]) -> String?

    private struct State {
        var endpoint: String?; var failure: String?; var payloads: [[UInt8]] = []
    }
    private let state = Mutex(State())
    private let context: Context

    /// Every payload so far, in order of arrival; a resent one is listed again.
    var payloads: [[UInt8]] { state.withLock { $0.payloads } }

    /// Binds to a port that the system chooses, and starts its thread.
    ///
    /// A frame longer than `messageBytesMax` breaks its connection; -1 means no limit. With `curve`
    /// it is a CURVE server with these keys, which admits every client.
    init(
        _ pattern: Socket.Pattern,
        messageBytesMax: Int64 = -1,
        curve: CurveKeyPair? = nil,
        answer: @escaping Answer = { _, _ in nil }
    ) throws {
        context = try Context()
        var thread = pthread_t()
        let work = Unmanaged.passRetained(
            Work {
                try self.serve(pattern, messageBytesMax, curve: curve, answer: answer)
            } onFailure: { text in
                self.state.withLock { $0.failure = text }
            }
        )
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            work.toOpaque()
        )
        try #require(code == 0)
        pthread_detach(thread)
    }

    /// Returns the endpoint it listens on.
    func endpoint() throws -> String {
        try wait("the collector to bind") { state.withLock { $0.endpoint != nil } }
        return try #require(state.withLock { $0.endpoint })
    }

    /// Ends the thread.
    func stop() { context.shutdown() }

    /// Waits until `count` messages have arrived.
    func waitForPayloads(_ count: Int) throws {
        try wait("\(count) messages") { payloads.count >= count }
    }

    private func wait(_ what: String, until isTrue: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !isTrue() {
            let failure = state.withLock { $0.failure }
            try #require(failure == nil)
            try #require(ContinuousClock.now < deadline, "waited 20 s for \(what)")
            sched_yield()
        }
    }

    private func serve(
        _ pattern: Socket.Pattern,
        _ messageBytesMax: Int64,
        curve: CurveKeyPair?,
        answer: Answer
    ) throws {
        let socket = try Socket(pattern, in: context)
        try socket.setLinger(.zero)
        try socket.setMessageBytesMax(messageBytesMax)
        try curve?.withSecret { try socket.setCurveServer(secretKey: $0) }
        if pattern == .sub { try socket.subscribe("") }
        try socket.bind(ZeroMQEndpoints.anyPort)
        let endpoint = try socket.lastEndpoint
        state.withLock { $0.endpoint = endpoint }
        var message = Message()
        var index = 0
        while true {
            var frames: [[UInt8]] = []
            repeat {
                _ = try socket.receive(&message, wait: true)
                frames.append(Array(message.bytes))
            } while message.hasMore
            let payload = frames.removeLast()
            state.withLock { $0.payloads.append(payload) }
            if pattern == .router, let text = answer(index, payload) {
                for frame in frames {
                    _ = try frame.withUnsafeBytes { try socket.send($0, more: true, wait: false) }
                }
                _ = try Array(text.utf8).withUnsafeBytes {
                    try socket.send($0, more: false, wait: false)
                }
            }
            index += 1
        }
    }
}

/// The closure that a thread runs.
private final class Work {
    private let body: () throws -> Void
    private let onFailure: (String) -> Void

    init(_ body: @escaping () throws -> Void, onFailure: @escaping (String) -> Void) {
        self.body = body
        self.onFailure = onFailure
    }

    func run() {
        do {
            try body()
        } catch let error as ZeroMQError where error.isTerminated {
        } catch {
            onFailure("\(error)")
        }
    }
}
