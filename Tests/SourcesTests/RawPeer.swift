import Foundation
import Glibc
import Platform
import Testing

@testable import ZMTPSource

/// A producer without a library: bytes into a socket, and bytes out of it, without waiting.
final class RawPeer {
    private let descriptor: Int32
    /// All that came so far.
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false

    /// Connects to `tcp://127.0.0.1:PORT`, `tcp://[::1]:PORT` or `ipc://PATH`.
    ///
    /// `receiveBuffer`: bytes that the system may keep of what the source sends.
    init(_ endpoint: String, receiveBuffer: Int32? = nil) throws {
        let code: Int32
        if endpoint.hasPrefix("ipc://") {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let address = try #require(UnixAddress(name: String(endpoint.dropFirst(6))))
            code = address.connect(descriptor)
        } else {
            let isIPv6 = endpoint.hasPrefix("tcp://[::1]")
            descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var receiveBuffer {
                setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
            }
            let port = try #require(UInt16(endpoint.split(separator: ":").last ?? ""))
            code = isIPv6 ? Self.connect6(descriptor, port) : Self.connect4(descriptor, port)
        }
        try #require(code == 0, "\(endpoint): \(SystemError(code: code))")
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close() }

    private static func connect4(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return connect(descriptor, &address, byteCount: MemoryLayout<sockaddr_in>.size)
    }

    private static func connect6(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return connect(descriptor, &address, byteCount: MemoryLayout<sockaddr_in6>.size)
    }

    private static func connect<Address>(
        _ descriptor: Int32,
        _ address: inout Address,
        byteCount: Int
    ) -> Int32 {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(byteCount))
            }
        }
        return result == 0 ? 0 : errno
    }

    /// Sends what the system takes now; returns how many bytes.
    func offer(_ bytes: some Collection<UInt8>) -> Int {
        let count = Array(bytes).withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        return max(0, count)
    }

    /// Sends a few bytes, for which there is room.
    func send(_ bytes: [UInt8]) throws {
        try #require(offer(bytes) == bytes.count, "the system's buffers are full")
    }

    /// Reads all there is; returns whether all of `bytes` is in it.
    func has(_ bytes: [UInt8]) -> Bool {
        receive()
        return received.contains(bytes)
    }

    func receive() {
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while !hasEnded {
            let count = recv(descriptor, &room, room.count, 0)
            guard count > 0 else {
                hasEnded = count == 0 || errno != EAGAIN
                return
            }
            received += room.prefix(count)
        }
    }

    func forget() { received = [] }

    /// Ends its own direction; it still receives.
    func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    private var isClosed = false
    func close() {
        if !isClosed { Glibc.close(descriptor) }
        isClosed = true
    }
}

/// What a peer sends (ZeroMQ RFC 23 and 15).
enum RawBytes {
    static func opening(as type: String) -> [UInt8] {
        let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F]
        let mechanism = bytes("NULL") + [UInt8](repeating: 0, count: 16 + 32)
        let ready =
            [5] + bytes("READY") + [11] + bytes("Socket-Type") + [0, 0, 0, UInt8(type.utf8.count)]
            + bytes(type)
        return signature + [3, 0] + mechanism + [4, UInt8(ready.count)] + ready
    }

    static func oldOpening(as number: UInt8) -> [UInt8] {
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, number, 0, 0]
    }

    /// A message of short frames.
    static func message(_ frames: String...) -> [UInt8] {
        frames.enumerated().flatMap {
            [$0 < frames.count - 1 ? 1 : 0, UInt8($1.utf8.count)] + bytes($1)
        }
    }

    /// The header of a long frame.
    static func longHeader(_ count: Int) -> [UInt8] {
        [2] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
    }

    static let ping: [UInt8] = [4, 7, 4] + bytes("PING") + [0, 0]
    static let pong: [UInt8] = [4, 5, 4] + bytes("PONG")
    /// The end of the source's handshake.
    static let ready = bytes("READY")
}

extension IntakeBench {
    /// A peer whose handshake is complete.
    func raw(_ type: String, receiveBuffer: Int32? = nil) throws -> RawPeer {
        let peer = try RawPeer(endpoint, receiveBuffer: receiveBuffer)
        try peer.send(RawBytes.opening(as: type))
        let before = try opened()
        try run(until: "the handshake is complete") { try $0.opened() == before + 1 }
        try run(until: "the source's part has come") { _ in peer.has(RawBytes.ready) }
        peer.forget()
        return peer
    }

    /// Connections whose handshake is complete.
    func opened() throws -> Int {
        let end = try listening()
        var count = 0
        for number in end.listener.connections.numbers
        where end.listener.connections[number]?.pointee.isOpen == true { count += 1 }
        return count
    }

    /// Bytes of memory of what has not come whole.
    func partialBytes() throws -> Int { try listening().listener.door.partialBytes }
}
