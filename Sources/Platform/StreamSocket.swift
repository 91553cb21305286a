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
