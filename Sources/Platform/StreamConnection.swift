import CPlatform
import Glibc

/// The kernel's state of a connected stream socket.
package struct StreamConnection: Sendable {
    /// TCP: the two numbers below are counted.
    package let countsBytes: Bool
    /// Bytes that were taken out of the socket at this end.
    package let bytesRead: UInt64
    /// Bytes that this end sent and the other end's system has confirmed.
    package let bytesConfirmed: UInt64
    /// Bytes in the send queue.
    package let bytesUnsent: UInt32
    /// Milliseconds since anything arrived; 0 where that is not counted.
    package let silentMilliseconds: UInt32

    /// Asks about a descriptor; nil if it is of no connection.
    package init?(_ descriptor: Int32) {
        var figures = cplatform_connection()
        guard cplatform_connection(descriptor, &figures) == 0 else { return nil }
        countsBytes = figures.counts_bytes
        bytesRead = figures.bytes_read
        bytesConfirmed = figures.bytes_confirmed
        bytesUnsent = figures.bytes_unsent
        silentMilliseconds = figures.silent_ms
    }

    /// Another descriptor of the same socket, close-on-exec; negative when there is none left.
    package static func duplicate(_ descriptor: Int32) -> Int32 {
        cplatform_duplicate(descriptor)
    }

    /// Returns the other end as an endpoint: `tcp://10.0.0.7:4711`, `tcp://[2001:db8::7]:4711`, or
    /// for a Unix socket `ipc://uid=1000,pid=4711`.
    ///
    /// Empty if it is unknown.
    package static func peerName(_ descriptor: Int32) -> String {
        name(of: descriptor, by: cplatform_peer_name)
    }

    /// Returns this end in the same form; empty if it has no TCP address.
    package static func localName(_ descriptor: Int32) -> String {
        name(of: descriptor, by: cplatform_local_name)
    }

    private static func name(
        of descriptor: Int32,
        by write: (Int32, UnsafeMutablePointer<CChar>?) -> Void
    ) -> String {
        var text = [CChar](repeating: 0, count: 80)
        write(descriptor, &text)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    /// Whether the other end has closed or reset the connection.
    package static func peerHasLeft(_ descriptor: Int32) -> Bool {
        cplatform_peer_has_left(descriptor)
    }

    /// Ends a connection in both directions, without closing the descriptor.
    package static func end(_ descriptor: Int32) {
        cplatform_end_connection(descriptor)
    }
}
