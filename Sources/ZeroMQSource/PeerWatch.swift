import Glibc
import Intake

/// A receiver's state about connections, in addition to the table of present ones.
struct PeerWatch {
    /// The longest time between reads of the monitor, and between looks at connections.
    private static let tendNanoseconds: Int64 = 20_000_000
    private static let lookNanoseconds: Int64 = 1_000_000_000
    /// The time between checks of socket files.
    private static let fileNanoseconds: Int64 = 20_000_000_000
    /// How long after a named peer's end other peers may have waited for its name.
    static let freedNanoseconds: Int64 = 10_000_000_000

    private var tendedAt: Int64 = 0
    private var lookedAt: Int64 = 0
    private var filesAt: Int64 = 0
    /// Whether the socket was found empty since the last look.
    var wasEmptied = false
    /// The routing id that became free last, and when.
    var freed: (id: [UInt8], at: Int64)?
    var handshakes = PendingHandshakes()
    var reach = EndpointProblems()
    var notices = PeerNotices()

    struct MonitorFailure {
        /// The errno, where there is one.
        var code: Int32
    }

    /// Whether to read the monitor now; if so, the next time is later.
    mutating func isTimeToTend(_ now: Int64) -> Bool {
        Self.isTime(now, after: &tendedAt, Self.tendNanoseconds)
    }

    /// The same for a look at the connections.
    mutating func isTimeToLook(_ now: Int64) -> Bool {
        Self.isTime(now, after: &lookedAt, Self.lookNanoseconds)
    }

    /// The same for a check of socket files.
    mutating func isTimeForFiles(_ now: Int64) -> Bool {
        Self.isTime(now, after: &filesAt, Self.fileNanoseconds)
    }

    private static func isTime(_ now: Int64, after last: inout Int64, _ interval: Int64) -> Bool {
        guard now - last >= interval else { return false }
        last = now
        return true
    }
}

/// Connections without a known complete handshake.
///
/// The monitor's event about a complete handshake does not name the connection.
struct PendingHandshakes {
    private var pending: Set<UInt16> = []
    /// How many of them have a complete handshake nevertheless.
    private var readyAmongPending = 0
    /// A failed handshake; the end of its connection is the next event.
    private var failure: PeerWatch.MonitorFailure?

    mutating func begin(_ number: UInt16) { pending.insert(number) }

    mutating func fail(_ failure: PeerWatch.MonitorFailure) { self.failure = failure }

    /// Whether the connection's handshake is known to be incomplete.
    func isIncomplete(_ number: UInt16) -> Bool {
        readyAmongPending == 0 && pending.contains(number)
    }

    /// Removes a connection that has ended; returns whether its handshake may be incomplete, and
    /// the failure that the monitor reported just before.
    mutating func end(_ number: UInt16) -> (isPending: Bool, failure: PeerWatch.MonitorFailure?) {
        defer { failure = nil }
        guard pending.contains(number), failure != nil || readyAmongPending == 0 else {
            becomeReady(number)
            return (false, failure)
        }
        pending.remove(number)
        return (true, failure)
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

/// What is wrong with a source's endpoints.
struct EndpointProblems {
    private static let unreachableMax = 64

    /// By endpoint, why it is not connected.
    private var unreachable: [String: String] = [:]
    /// Endpoints with an attempt to connect under way.
    private var attempts: Set<String> = []
    /// What is wrong with socket files; nil if nothing is.
    private var fileProblem: String?

    /// Notes that an attempt to connect is under way.
    mutating func attempt(_ endpoint: String) { attempts.insert(endpoint) }

    /// Notes that an attempt has ended without a connection; returns why.
    mutating func retry(_ endpoint: String) -> String {
        let reason =
            attempts.remove(endpoint) != nil
            ? "nobody listens there"
            : "its name does not resolve, or its network cannot be reached"
        if unreachable.count < Self.unreachableMax { unreachable[endpoint] = reason }
        return reason
    }

    /// Forgets unreachable endpoints: one was reached.
    mutating func connected() { unreachable = [:] }

    /// Sets what is wrong with socket files; returns whether that is new.
    mutating func setFileProblem(_ problem: String?) -> Bool {
        defer { fileProblem = problem }
        return problem != fileProblem
    }

    /// All of it as a text; nil if nothing is wrong.
    var text: String? {
        let parts =
            unreachable.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            + (fileProblem.map { [$0] } ?? [])
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
