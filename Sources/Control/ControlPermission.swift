package import Platform

/// Who may use changing verbs: root, the daemon's own user, and members of one group, which is the
/// socket file's unless another is configured.
package struct ControlPermission: Sendable {
    private let daemonUID: UInt32
    private let groupID: UInt32
    /// The group's name in a refusal.
    let groupText: String
    private let isMember: @Sendable (_ uid: UInt32, _ gid: UInt32) -> Bool

    /// `isMember` asks the system's group database, which may read files or the network.
    package init(
        daemonUID: UInt32,
        groupID: UInt32,
        groupText: String = "the control socket's group",
        isMember: @escaping @Sendable (_ uid: UInt32, _ gid: UInt32) -> Bool = {
            SystemProcess.isUser($0, inGroup: $1)
        }
    ) {
        self.daemonUID = daemonUID
        self.groupID = groupID
        self.groupText = groupText
        self.isMember = isMember
    }

    /// Whether this peer may use changing verbs; an unknown peer may not.
    package func allowsChanges(by peer: PeerCredentials?) -> Bool {
        guard let peer else { return false }
        return isPrivileged(peer) || peer.gid == groupID || isMember(peer.uid, groupID)
    }

    /// Whether this peer is root or the daemon's own user, for whom places are reserved.
    func isPrivileged(_ peer: PeerCredentials?) -> Bool {
        guard let peer else { return false }
        return peer.uid == 0 || peer.uid == daemonUID
    }
}

/// A changing verb that a peer sent, for the log.
package struct ChangeRecord: Sendable, Equatable {
    package let verb: String
    package let arguments: [String]
    /// The peer's user; nil if the kernel did not say.
    package let uid: UInt32?
    package let pid: Int32?
    /// False if it was refused.
    package let isPermitted: Bool
}
