import Glibc
import Intake

/// What a receiver has to remember of its connections beside the table of those there are.
struct PeerWatch {
    /// How often the monitor is read at the latest, and how often connections are looked at.
    static let tendNanoseconds: Int64 = 20_000_000
    static let lookNanoseconds: Int64 = 1_000_000_000
    /// How often socket files are looked for.
    static let fileNanoseconds: Int64 = 20_000_000_000
    /// How long after a named peer's end others may have been waiting for its name.
    static let freedNanoseconds: Int64 = 10_000_000_000

    /// A failed handshake, of which the connection's end follows as the next event.
    var failure: MonitorFailure?
    /// Connections whose handshake is not known to be done, and of how many of them it is done all the
    /// same: the event does not tell whose.
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
    /// Endpoints whose attempt to connect is under way.
    var attempts: Set<String> = []
    /// What is wrong with socket files.
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

    /// Notes that some pending connection's handshake is done; gives those of which that is now sure.
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
