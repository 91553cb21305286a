import Testing
import ZeroMQ

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
