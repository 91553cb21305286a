package import Intake
import Wire

/// One listening source: where producers connect, and what each may cost.
package struct ListenerConfiguration: Sendable {
    /// The ZeroMQ pattern of the collector's end.
    package enum Pattern: String, Sendable, CaseIterable {
        /// Producers PUSH; not acknowledged.
        case pull
        /// Producers DEALER or REQ; acknowledged once durable.
        case router

        /// The socket type of the collector's end.
        var type: ListenerType {
            switch self {
            case .pull: .pull
            case .router: .router
            }
        }
    }

    package var name: String
    package var pattern: Pattern
    /// `tcp://HOST:PORT` or `ipc://PATH`; port `*` or 0 lets the system choose.
    package var bind: [String]
    /// The channel of events that name none.
    package var channel: String
    /// The longest frame, in bytes; a peer that sends a longer one is disconnected.
    package var messageBytesMax: Int
    /// The most simultaneous connections; more are refused.
    package var connectionsMax: Int
    /// Whether events are looked up by their ids, so that duplicates are not written.
    package var deduplicates: Bool
    /// The keys of a source with CURVE, which then admits nobody else; nil for one without.
    package var keys: KeyRing?
    /// Who may connect to the files of Unix sockets.
    package var files: SocketFiles

    /// Mode and group of the files of Unix sockets; root and the group's members may connect.
    package struct SocketFiles: Sendable, Equatable {
        /// Permission bits.
        package var mode: UInt32
        /// A group's number; nil for the process's own.
        package var group: UInt32?

        package init(mode: UInt32 = 0o660, group: UInt32? = nil) {
            self.mode = mode
            self.group = group
        }
    }

    package init(
        name: String,
        pattern: Pattern,
        bind: [String],
        channel: String = "unknown",
        messageBytesMax: Int = 4 << 20,
        connectionsMax: Int = 1_000,
        deduplicates: Bool = false,
        keys: KeyRing? = nil,
        files: SocketFiles = SocketFiles()
    ) {
        self.name = name
        self.pattern = pattern
        self.bind = bind
        self.channel = channel
        self.messageBytesMax = messageBytesMax
        self.connectionsMax = connectionsMax
        self.deduplicates = deduplicates
        self.keys = keys
        self.files = files
    }

    /// The settings that the path knows.
    package var profile: SourceProfile {
        SourceProfile(
            name: name,
            kind: pattern.rawValue,
            channel: channel,
            isAnswered: pattern == .router,
            deduplicates: deduplicates
        )
    }
}
