import CPlatform

/// The process at the other end of a Unix socket, as the kernel knows it (SO_PEERCRED).
package struct PeerCredentials: Sendable, Equatable {
    package let pid: Int32
    package let uid: UInt32
    package let gid: UInt32

    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }

    /// Asks the kernel about a connected socket; nil if it does not say.
    package static func of(_ descriptor: Int32) -> PeerCredentials? {
        var (pid, uid, gid): (Int32, UInt32, UInt32) = (0, 0, 0)
        guard cplatform_peer_credentials(descriptor, &pid, &uid, &gid) == 0 else { return nil }
        return PeerCredentials(pid: pid, uid: uid, gid: gid)
    }
}
