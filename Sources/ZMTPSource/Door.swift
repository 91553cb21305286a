import Glibc
import Platform

/// Who may come in, and what all connections of a source hold together.
struct Door: ~Copyable {
    /// The most unfinished handshakes of one address.
    private static let handshakesMax = 64
    /// Why a connection is refused then.
    static let crowded = "its address has \(handshakesMax) unfinished handshakes"
    /// Descriptors that connections leave to others: files, the control socket, metrics.
    private static let descriptorsReserved: UInt64 = 64
    private static let tendNanoseconds: Int64 = 1_000_000_000
    /// The time between checks of socket files.
    private static let fileNanoseconds: Int64 = 20_000_000_000

    let endpoints: Endpoints
    /// The most memory of messages that have not come whole, in bytes.
    var partialBytesMax = 256 << 20
    /// Bytes of memory of open connections' messages that have not come whole.
    var partialBytes = 0
    /// Connections that do not take what is sent.
    var unsent = 0
    /// The numbers of connections with unfinished handshakes by address, the oldest first.
    private var handshakes: [String: [UInt16]] = [:]
    private let descriptorsMax: Int32
    private var tendedAt: Int64 = 0
    private var filesAt: Int64 = 0
    private var isFileGone = false
    private var keyChanges = 0
    /// Endpoints that are not accepted from until a time.
    private var paused: [Int: Int64] = [:]

    init(_ endpoints: consuming Endpoints) {
        self.endpoints = endpoints
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        let count = UInt64(limit.rlim_cur)
        let reserved = min(Self.descriptorsReserved, count / 4)
        descriptorsMax = Int32(clamping: count - reserved)
    }

    var hasUnsent: Bool { unsent > 0 }

    /// Why a new connection is refused, as a sentence; nil if it is not.
    func refusal(
        _ descriptor: Int32,
        present: Int,
        connectionsMax: Int
    ) -> String? {
        if present >= connectionsMax {
            return "the source has \(connectionsMax) connections, the most it may have"
        }
        // The system assigns the lowest number that is free.
        if descriptor >= descriptorsMax {
            return
                "the process has \(descriptorsMax) descriptors, the most that connections may use"
        }
        return nil
    }

    mutating func begin(handshakeOf number: UInt16, from host: String) {
        handshakes[host, default: []].append(number)
    }

    mutating func finish(handshakeOf number: UInt16, from host: String) {
        handshakes[host]?.removeAll { $0 == number }
        if handshakes[host]?.isEmpty == true { handshakes[host] = nil }
    }

    /// The connections of an address whose handshakes are unfinished, the oldest first, if they are
    /// as many as they may be; else none.
    func crowd(from host: String) -> [UInt16] {
        guard let numbers = handshakes[host], numbers.count >= Self.handshakesMax else { return [] }
        return numbers
    }

    /// Whether the producers' keys were replaced since the last call.
    mutating func hasNewKeys(_ keys: KeyRing) -> Bool {
        let changes = keys.changes
        guard changes != keyChanges else { return false }
        keyChanges = changes
        return true
    }

    /// Whether a second has passed since it last was.
    mutating func isDue(at now: Int64) -> Bool {
        guard now - tendedAt >= Self.tendNanoseconds else { return false }
        tendedAt = now
        return true
    }

    /// Stops accepting from an endpoint for a while.
    mutating func pause(_ endpoint: Int, in connections: borrowing ConnectionSet, until time: Int64)
    {
        paused[endpoint] = time
        connections.setAccepting(endpoint, false, descriptor: endpoints.descriptor(endpoint))
    }

    mutating func resume(in connections: borrowing ConnectionSet, at now: Int64) {
        for (endpoint, time) in paused where time <= now {
            paused[endpoint] = nil
            connections.setAccepting(endpoint, true, descriptor: endpoints.descriptor(endpoint))
        }
    }

    /// What is newly wrong with a socket's file; looks every 20 s.
    mutating func fileProblem(at now: Int64) -> String? {
        guard !isFileGone, now - filesAt >= Self.fileNanoseconds else { return nil }
        filesAt = now
        guard let problem = endpoints.missingFile else { return nil }
        isFileGone = true
        return problem
    }
}
