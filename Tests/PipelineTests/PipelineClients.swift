import Glibc
import Platform
import ZeroMQ

/// Deadlines on the pipeline's clocks.
enum PipelineClock {
    /// Monotonic nanoseconds, the given number of seconds from now.
    static func deadline(seconds: Int64) -> Int64 {
        SystemClock.monotonicNanoseconds + seconds * 1_000_000_000
    }

    static var wallMicroseconds: Int64 { SystemClock.wallMicroseconds }
}

/// A PUSH producer.
///
/// One task at a time may use it.
final class PipelinePusher {
    private let socket: Socket

    init(_ endpoint: String) throws {
        socket = try Socket(.push, in: try Context())
        try socket.setLinger(.seconds(0))
        try socket.setSendTimeout(.seconds(20))
        try socket.setSendHighWaterMark(200)
        try socket.connect(endpoint)
    }

    /// Sends a message; returns false when there was no room for it in time.
    @discardableResult
    func push(_ payload: String, wait: Bool = true) throws -> Bool {
        let bytes = Array(payload.utf8)
        return try Result {
            try bytes.withUnsafeBytes { try socket.send($0, more: false, wait: wait) }
        }.get()
    }
}

/// A DEALER producer that keeps the answers.
///
/// One task at a time may use it.
final class PipelineDealer {
    private let socket: Socket
    /// The answers received so far, by request id.
    private(set) var answers: [String: String] = [:]

    init(_ endpoint: String) throws {
        socket = try Socket(.dealer, in: try Context())
        try socket.setLinger(.seconds(0))
        try socket.setSendTimeout(.seconds(20))
        try socket.connect(endpoint)
    }

    func send(_ id: String, _ payload: String) throws {
        try send(id, Array(payload.utf8))
    }

    func send(_ id: String, _ payload: [UInt8]) throws {
        let id = Array(id.utf8)
        _ = try id.withUnsafeBytes { try socket.send($0, more: true, wait: true) }
        _ = try payload.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
    }

    /// Receives the answers that have arrived.
    @discardableResult
    func receive() throws -> [String: String] {
        var frame = Message()
        while try socket.receive(&frame, wait: false) {
            let id = String(decoding: frame.bytes, as: UTF8.self)
            guard frame.hasMore, try socket.receive(&frame, wait: true) else { break }
            answers[id] = String(decoding: frame.bytes, as: UTF8.self)
        }
        return answers
    }

    /// An answer without the positions and causes of rejected pieces.
    func verdict(_ id: String) -> String? {
        answers[id].map(Self.verdict)
    }

    static func verdict(_ answer: String) -> String {
        answer.replacing(/"offset":\d+,/, with: "").replacing(/,"detail":"[^"]*"/, with: "")
    }

    /// Request ids answered "committed".
    var committed: Set<String> {
        Set(answers.filter { $0.value.hasPrefix(#"{"status":"committed""#) }.keys)
    }
}
