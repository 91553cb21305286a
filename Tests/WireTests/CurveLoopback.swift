import Glibc
import Testing
import Wire
import ZeroMQ

/// A listener on loopback that speaks ZMTP 3.0 (ZeroMQ RFC 23) with one libzmq client at a time, by
/// blocking calls.
///
/// A frame that does not arrive within ten seconds fails the test.
final class CurveLoopback {
    struct Frame {
        var flags: UInt8
        var body: [UInt8]

        /// RFC 23: bit 2 marks a command.
        var isCommand: Bool { flags & 4 != 0 }
    }

    private let listener: Int32
    private var connection: Int32 = -1
    private(set) var endpoint = ""

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = listener
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) | listen(listening, 8)
                    | getsockname(listening, $0, &length)
            }
        }
        try #require(code == 0)
        endpoint = "tcp://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        try Self.setPatience(of: listener)
    }

    deinit {
        close(listener)
        if connection >= 0 { close(connection) }
    }

    /// Accepts the next connection, closes the one before, and exchanges greetings.
    func greet() throws {
        if connection >= 0 { close(connection) }
        connection = accept(listener, nil, nil)
        try #require(connection >= 0, "nobody connected")
        try Self.setPatience(of: connection)
        var greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8)
        greeting += [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 0, count: 31)
        try write(greeting)
        let theirs = try read(64)
        try #require(theirs[10] == 3 && theirs[12..<17].elementsEqual("CURVE".utf8))
    }

    /// Greets, and does the handshake for a peer whose socket type is `type`.
    func shake(
        hands handshake: consuming CurveServerHandshake,
        as type: String
    ) throws -> (session: CurveLoopbackSession, key: CurveKey, metadata: [UInt8]) {
        try greet()
        let hello = try readFrame()
        #expect(hello.isCommand)
        let welcome = try hello.body.withUnsafeBytes { try handshake.answerHello($0) }
        try writeCommand(welcome)
        let initiate = try readFrame()
        #expect(initiate.isCommand)
        var metadata: [UInt8] = []
        let key = try initiate.body.withUnsafeBytes {
            try handshake.takeInitiate($0, into: &metadata)
        }
        var body: [UInt8] = []
        let name = Array("Socket-Type".utf8)
        let property = [UInt8(name.count)] + name + [0, 0, 0, UInt8(type.utf8.count)] + type.utf8
        let session = handshake.ready(metadata: property, into: &body)
        try writeCommand(body)
        return (CurveLoopbackSession(session), key, metadata)
    }

    func readFrame() throws -> Frame {
        let flags = try read(1)[0]
        let count =
            flags & 2 == 0
            ? Int(try read(1)[0])
            : try read(8).reduce(0) { $0 << 8 | Int($1) }
        return Frame(flags: flags, body: try read(count))
    }

    func writeCommand(_ body: [UInt8]) throws { try writeFrame(flags: 4, body) }

    func writeFrame(flags: UInt8, _ body: [UInt8]) throws {
        let isLong = body.count > 255
        let length = withUnsafeBytes(of: UInt64(body.count).bigEndian) { Array($0) }
        try write([flags | (isLong ? 2 : 0)] + (isLong ? length : [UInt8(body.count)]) + body)
    }

    /// Whether the peer closes the connection, read to its end.
    func isClosedByPeer() -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = recv(connection, &byte, 1, 0)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return count == 0 || errno == ECONNRESET }
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let result = bytes.withUnsafeMutableBytes {
                recv(connection, $0.baseAddress?.advanced(by: done), count - done, 0)
            }
            if result < 0, errno == EINTR { continue }
            try #require(result > 0, "\(done) of \(count) bytes, errno \(errno)")
            done += result
        }
        return bytes
    }

    private func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let result = bytes.withUnsafeBytes {
                send(
                    connection,
                    $0.baseAddress?.advanced(by: done),
                    bytes.count - done,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if result < 0, errno == EINTR { continue }
            try #require(result > 0)
            done += result
        }
    }

    private static func setPatience(of descriptor: Int32) throws {
        var time = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        try #require(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size) == 0)
    }
}

/// A session that a test passes around.
final class CurveLoopbackSession {
    var session: CurveSession

    init(_ session: consuming CurveSession) { self.session = session }
}
