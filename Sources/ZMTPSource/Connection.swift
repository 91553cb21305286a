import Intake
import Platform
import Wire

/// A producer's connection: its socket, what of it is unread, and what it has not taken yet.
struct Connection: ~Copyable {
    /// What a connection with CURVE has in addition.
    struct Encryption: ~Copyable {
        var session: CurveSession
        let key: CurveKey
        /// The name of the key.
        let producer: String
        /// The start of an encrypted frame whose rest has not come yet.
        var input = ByteQueue()
    }

    /// Why a connection is not read for now.
    struct Hold: OptionSet {
        let rawValue: UInt8
        /// It does not take its answers.
        static let answersUnread = Hold(rawValue: 1)
        /// Too many of its requests wait for an answer.
        static let requestsUnanswered = Hold(rawValue: 2)
        /// Its next message is costly, and others are before it.
        static let costly = Hold(rawValue: 4)
        /// Its producer has sent more than it may.
        static let limited = Hold(rawValue: 8)
        /// Those that end by themselves.
        static let waiting: Hold = [.costly, .limited]
    }

    /// What does not change.
    struct Identity {
        /// 1 and up; reused only after all others were.
        let number: UInt16
        let descriptor: Int32
        /// Its name in return addresses; no other connection of this run has it.
        let serial: UInt32
        /// `tcp://10.0.0.7:4711`.
        let name: String
        /// Monotonic nanoseconds.
        let since: Int64
    }

    /// A message whose rest has not come yet.
    struct Unfinished {
        /// Bytes that ``Connection/input`` needs before another look, counted from its start.
        var needed = 0
        /// Since when it has held the start of a message; monotonic nanoseconds.
        var since: Int64 = 0
        /// What of the message has been taken already.
        var partial = MessageSplitter.Partial()
    }

    /// What of it is under way, and what it has cost.
    struct Load {
        /// Requests that wait for an answer.
        var unanswered = 0
        /// Payload bytes that were taken from it, up to some.
        var taken = 0
        /// What its costly messages have cost, in nanoseconds.
        var spent: Int64 = 0
    }

    /// When it was heard.
    struct Presence {
        /// Whether the peer takes commands, and answers a PING.
        var hasCommands = false
        /// Whether anything has come from it.
        var hasSpoken = false
        /// When something last came from it, and when it was last sent a PING; monotonic nanoseconds.
        var heardAt: Int64
        var pingedAt: Int64 = 0
        /// Whether its end is known already, and not waited for: what it sent before is read first.
        var isEndKnown = false
        /// How long it may be silent, in nanoseconds.
        let silenceMax: Int64
    }

    /// Where the state of a connection is, as long as it is present.
    typealias Pointer = UnsafeMutablePointer<Connection>

    let id: Identity
    /// Whose messages they are; the source's others until the handshake is done.
    var producer: Producer
    /// Nil when it is done.
    var handshake: Handshake?
    /// Nil without CURVE.
    var encryption: Encryption?
    /// The start of a message, or of the handshake, whose rest has not come yet.
    var input = ByteQueue()
    var unfinished = Unfinished()
    /// What waits to be sent.
    var output = Output()
    var hold: Hold = []
    var load = Load()
    var presence: Presence

    /// What waits to be sent, and where it waits.
    struct Output: ~Copyable {
        var bytes = ByteQueue()
        /// Whether it is in the list of those to be sent.
        var isListed = false
        /// Whether the socket was full.
        var isFull = false
    }

    init(
        id: Identity,
        producer: Producer,
        handshake: consuming Handshake,
        silenceMax: Int64
    ) {
        self.id = id
        self.producer = producer
        self.handshake = consume handshake
        presence = Presence(heardAt: id.since, silenceMax: silenceMax)
    }

    /// Bytes of memory of messages that have not come whole.
    var inputCapacity: Int {
        switch encryption {
        case .some(let encryption): input.byteCapacity + encryption.input.byteCapacity
        case nil: input.byteCapacity
        }
    }

    /// Adds a frame to what waits to be sent.
    mutating func append(
        _ body: UnsafeRawBufferPointer,
        hasMore: Bool = false,
        isCommand: Bool = false
    ) {
        if encryption == nil {
            output.bytes.appendFrame(body, hasMore: hasMore, isCommand: isCommand)
        } else {
            appendEncrypted(body, hasMore: hasMore, isCommand: isCommand)
        }
    }

    @inline(never)
    private mutating func appendEncrypted(
        _ body: UnsafeRawBufferPointer,
        hasMore: Bool,
        isCommand: Bool
    ) {
        guard var encryption = encryption.take() else { return }
        output.bytes.appendFrame(
            body,
            hasMore: hasMore,
            isCommand: isCommand,
            by: &encryption.session
        )
        self.encryption = consume encryption
    }

    /// Decrypts every whole frame that was read into ``input``.
    ///
    /// `frameBytesMax`: the longest payload of a frame. Throws when a frame is too long, malformed or
    /// not authentic.
    mutating func decrypt(frameBytesMax: Int) throws(DecryptionFault) {
        guard var encryption = encryption.take() else { return }
        let result = Self.decrypt(&encryption, into: &input, frameBytesMax: frameBytesMax)
        encryption.input.trim()
        self.encryption = consume encryption
        try result.get()
    }

    /// Why an encrypted frame ends its connection.
    enum DecryptionFault: Error {
        case violation(MessageSplitter.Violation)
        case curve(CurveFault)
    }

    private static func decrypt(
        _ encryption: inout Encryption,
        into plain: inout ByteQueue,
        frameBytesMax: Int
    ) -> Result<Void, DecryptionFault> {
        while true {
            switch FrameHeader.read(encryption.input.bytes) {
            case .incomplete: return .success(())
            case .invalid: return .failure(.violation(.notZMTP))
            case .header(let header):
                if header.bodyCount > frameBytesMax + CurveSession.overhead {
                    return .failure(.violation(.frameTooLong))
                }
                let bytes = encryption.input.bytes
                guard bytes.count >= header.frameByteCount else { return .success(()) }
                let body = bytes[header.byteCount..<header.frameByteCount]
                do throws(CurveFault) {
                    try plain.appendOpened(
                        UnsafeRawBufferPointer(rebasing: body),
                        by: &encryption.session
                    )
                } catch {
                    return .failure(.curve(error))
                }
                encryption.input.removeFirst(header.frameByteCount)
            }
        }
    }

    /// `tcp://10.0.0.7`: notices are counted by it.
    var host: String { PeerNotices.host(of: id.name) }
}
