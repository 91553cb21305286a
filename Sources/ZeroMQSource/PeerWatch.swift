import Glibc
import Intake

/// A receiver's state about connections, in addition to the table of present ones.
struct PeerWatch {
    /// The longest time between reads of the monitor, and between looks at connections.
    static let tendNanoseconds: Int64 = 20_000_000
    static let lookNanoseconds: Int64 = 1_000_000_000
    /// The time between checks of socket files.
    static let fileNanoseconds: Int64 = 20_000_000_000
    /// How long after a named peer's end other peers may have waited for its name.
    static let freedNanoseconds: Int64 = 10_000_000_000

    /// A failed handshake; the end of its connection is the next event.
    var failure: MonitorFailure?
    /// Connections without a known complete handshake, and how many of them have one nevertheless:
    /// the event does not name the connection.
    var pending: Set<UInt16> = []
    var readyAmongPending = 0
    var tendedAt: Int64 = 0
    var lookedAt: Int64 = 0
    var filesAt: Int64 = 0
    /// Whether the socket was found empty since the last look.
    var wasEmptied = false
    /// The routing id that became free last, and when.
    var freed: (id: [UInt8], at: Int64)?
    /// By endpoint, why it is not connected.
    var unreachable: [String: String] = [:]
    /// Endpoints with an attempt to connect under way.
    var attempts: Set<String> = []
    /// What is wrong with socket files; nil if nothing is.
    var fileProblem: String?
    var limit = HourlyLimit()
    var notices: [PeerNotice] = []

    struct MonitorFailure {
        /// The errno, where there is one.
        var code: Int32
    }

    /// Notes that a connection's handshake is done.
    mutating func becomeReady(_ number: UInt16) {
        guard pending.remove(number) != nil else { return }
        readyAmongPending = min(max(0, readyAmongPending - 1), pending.count)
    }

    /// Notes a complete handshake of some pending connection; returns those now known to be ready.
    mutating func becomeReady() -> Set<UInt16> {
        readyAmongPending += 1
        guard readyAmongPending >= pending.count else { return [] }
        defer {
            pending = []
            readyAmongPending = 0
        }
        return pending
    }
}
