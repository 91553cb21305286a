import Testing
import ZeroMQ

/// How long a test waits for a message before it fails.
let patience: Duration = .seconds(10)

extension Socket {
    /// Creates a socket that waits for `patience` at most, and drops unsent messages at its end.
    static func make(_ pattern: Pattern, in context: Context) throws -> Socket {
        let socket = try Socket(pattern, in: context)
        try socket.setLinger(.zero)
        try socket.setReceiveTimeout(patience)
        try socket.setSendTimeout(patience)
        return socket
    }

    /// Sends the frames as one message.
    func send(frames: [[UInt8]]) throws {
        for (index, frame) in frames.enumerated() {
            let sent = try frame.withUnsafeBytes { bytes in
                try send(bytes, more: index < frames.count - 1, wait: true)
            }
            try #require(sent, "sending frame \(index) timed out")
        }
    }

    /// Waits for a whole message and returns its frames.
    func receiveFrames() throws -> [[UInt8]] {
        var message = Message()
        var frames: [[UInt8]] = []
        repeat {
            let received = try receive(&message, wait: true)
            try #require(received, "no message within \(patience)")
            frames.append(Array(message.bytes))
        } while message.hasMore
        return frames
    }
}

extension Socket {
    /// The frame that has already arrived, if any.
    func receiveNow() throws -> [UInt8]? {
        var message = Message()
        let received = try receive(&message, wait: false)
        return received ? Array(message.bytes) : nil
    }

    /// Sends one empty frame if that is possible at once, or after waiting.
    func sendEmpty(wait: Bool = false) throws -> Bool {
        try send(UnsafeRawBufferPointer(start: nil, count: 0), more: false, wait: wait)
    }
}

extension PollSet {
    /// Waits, and returns the indexes of the readable items and of the writable ones.
    mutating func ready(within milliseconds: Int) throws -> (read: [Int], write: [Int]) {
        let found = try wait(timeout: milliseconds)
        let read = (0..<count).filter { isReadable($0) }
        let write = (0..<count).filter { isWritable($0) }
        try #require(found == Set(read).union(write).count)
        return (read, write)
    }
}

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
