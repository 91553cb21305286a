import Platform
import Wire

/// A producer's connection: its socket, what of it is unread, and what it has not taken yet.
struct Connection: ~Copyable {
    /// How far a connection is.
    enum Stage {
        case handshake(Handshake)
        case open(WirePeer)
    }

    /// Why a connection is not read for now.
    struct Hold: OptionSet {
        let rawValue: UInt8
        /// It does not take its answers.
        static let answersUnread = Hold(rawValue: 1)
        /// Too many of its requests wait for an answer.
        static let requestsUnanswered = Hold(rawValue: 2)
    }

    let descriptor: Int32
    /// Its name in return addresses; no other connection of this run has it.
    let serial: UInt32
    /// `tcp://10.0.0.7:4711`.
    let name: String
    /// Monotonic nanoseconds.
    let since: Int64
    var stage: Stage
    /// The start of a message, or of the handshake, whose rest has not come yet.
    var input = ByteQueue()
    /// Bytes that ``input`` needs before another look, counted from its start.
    var needed = 0
    /// Since when ``input`` has held the start of a message; monotonic nanoseconds.
    var partialSince: Int64 = 0
    /// What of the current message has been taken already.
    var partial = MessageSplitter.Partial()
    /// What waits to be sent.
    var output = ByteQueue()
    /// Whether ``output`` is in the list of those to be sent.
    var isListed = false
    /// Whether the socket was full.
    var isFull = false
    var hold: Hold = []
    /// Requests that wait for an answer.
    var unanswered = 0
    /// When something last came from it, and when it was last sent a PING.
    var heardAt: Int64
    var pingedAt: Int64 = 0
    /// How long it may be silent, in nanoseconds.
    var silenceMax: Int64

    var isOpen: Bool { if case .open = stage { true } else { false } }

    /// `tcp://10.0.0.7`: notices are counted by it.
    var host: String { Self.host(of: name) }

    static func host(of name: String) -> String {
        guard name.hasPrefix("tcp://"), let colon = name.lastIndex(of: ":") else { return name }
        return String(name[..<colon])
    }
}
