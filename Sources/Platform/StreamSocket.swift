import CPlatform
import Glibc

/// Calls on non-blocking stream sockets.
///
/// Any thread; each returns a count or a descriptor, or an errno as a negative number.
package enum StreamSocket {
    /// Listens on a TCP address: a numeric address, a host name of this machine, an interface, or
    /// `*` for all IPv4 addresses; port 0 lets the system choose.
    ///
    /// `host`: an IPv6 address is in brackets; `[::]` is all addresses of both kinds.
    package static func listen(host: Substring, port: UInt16, backlog: Int32) -> Int32 {
        let isIPv6 = host.hasPrefix("[") && host.hasSuffix("]")
        let address = isIPv6 ? host.dropFirst().dropLast() : host
        return cplatform_listen_tcp(String(address), port, isIPv6, backlog)
    }

    /// Whether a descriptor is a stream socket that listens.
    package static func isListening(_ descriptor: Int32) -> Bool {
        option(SO_ACCEPTCONN, of: descriptor) == 1
            && option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
    }

    /// Lets no program that this process might start have a descriptor.
    package static func closeOnExec(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// The value of a socket's option; nil if it is no socket.
    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    /// Accepts a connection, close-on-exec; -EAGAIN if none waits.
    package static func accept(_ listener: Int32) -> Int32 { cplatform_accept(listener) }

    /// Sends small writes at once, and ends connections whose other end has vanished after half a
    /// minute; without effect on a Unix socket.
    package static func tune(_ connection: Int32) { cplatform_tune_tcp(connection) }

    /// Sets how much the system buffers of what is sent, in bytes.
    package static func setSendBuffer(_ connection: Int32, bytes: Int32) {
        cplatform_set_send_buffer(connection, bytes)
    }

    /// Reads what has arrived; 0 is the end of the other direction, -EAGAIN that nothing has.
    @inline(__always)
    package static func receive(
        _ descriptor: Int32,
        into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        cplatform_receive(descriptor, room.baseAddress, room.count)
    }

    /// Sends what the system takes now; -EAGAIN if it takes nothing.
    package static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        cplatform_send(descriptor, bytes.baseAddress, bytes.count)
    }
}
