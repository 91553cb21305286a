import Glibc
import Intake
import Platform
import Synchronization
import ZeroMQ

/// Answers libzmq's authentication request at each connection's handshake (ZAP, ZeroMQ RFC 27), and
/// admits every peer that speaks ZMTP 3.
///
/// The request itself is the filter. ZMTP 1 and 2 have no handshake step for it, so libzmq refuses
/// them on a socket with an authentication domain; an HTTP request can look like ZMTP 1. There is
/// one per context, bound before the sockets that ask. One thread calls it.
struct HandshakeGate: ~Copyable {
    static let endpoint = "inproc://zeromq.zap.01"
    /// The authentication domain of the sources.
    static let domain = "touchpoint"
    static let idleMilliseconds = 750

    private let socket: Socket
    private let bell: Bell
    private var poll: PollSet
    private let bellAt: Int
    private var message = Message()

    init(in context: Context, bell: Bell) throws(ZeroMQError) {
        let socket = try Socket(.rep, in: context)
        try socket.setLinger(.zero)
        try socket.bind(Self.endpoint)
        var poll = PollSet(capacity: 2)
        poll.add(socket)
        bellAt = poll.add(descriptor: bell.event.number)
        self.socket = socket
        self.poll = poll
        self.bell = bell
    }

    /// Whether the thread may end.
    var isFinished: Bool { bell.isEnding.load(ordering: .acquiring) }

    /// Answers the requests that have arrived; returns how many.
    mutating func doWork() throws(ZeroMQError) -> Int {
        var count = 0
        while count < 256, try socket.receive(&message, wait: false) {
            try answer()
            count += 1
        }
        return count
    }

    /// Waits for a request, or for the end.
    mutating func wait(milliseconds: Int) throws(ZeroMQError) {
        try poll.wait(timeout: milliseconds)
        if poll.isReadable(bellAt) { bell.event.drain() }
    }

    /// Request: version, number, and frames that do not matter here.
    ///
    /// Answer: version, number, status, text, user, metadata.
    private mutating func answer() throws(ZeroMQError) {
        var isFirst = true
        var number: [UInt8] = []
        var isKnown = false
        while message.hasMore {
            if isFirst { isKnown = message.bytes.elementsEqual("1.0".utf8) }
            guard try socket.receive(&message, wait: true) else { return }
            if isFirst { number = Array(message.bytes) }
            isFirst = false
        }
        try send("1.0", more: true)
        let result = number.withUnsafeBytes { bytes in
            Result { () throws(ZeroMQError) in
                try socket.send(bytes, more: true, wait: true)
            }
        }
        _ = try result.get()
        try send(isKnown ? "200" : "500", more: true)
        try send("", more: true)
        try send("", more: true)
        try send("", more: false)
    }

    private func send(_ text: StaticString, more: Bool) throws(ZeroMQError) {
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        _ = try socket.send(bytes, more: more, wait: true)
    }

    /// Tells the gate's thread to end.
    final class Bell: Sendable {
        let event: EventDescriptor
        let isEnding = Atomic<Bool>(false)

        /// - Throws: the errno text when the system refuses an eventfd.
        init() throws(IntakeError) {
            do {
                event = try EventDescriptor()
            } catch {
                throw IntakeError("eventfd: error \(error.code)")
            }
        }

        func end() {
            isEnding.store(true, ordering: .releasing)
            event.signal()
        }
    }
}
