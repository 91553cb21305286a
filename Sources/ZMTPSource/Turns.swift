import Intake

/// Whose turn it is when messages are costly, so that no producer makes others wait.
///
/// A writer reads its ring in order. So the time that costly messages in a ring will take is the time
/// that every later message waits: it is kept below ``queuedMax``. Connections with costly messages
/// beyond that wait here, and the one that has cost least so far is next. Connections whose messages
/// are cheap do not wait for them.
///
/// What a message costs is expected from what earlier ones of its connection cost a writer; before
/// anything is known, from the most that its bytes can cause.
struct Turns {
    /// Nanoseconds of costly messages in a ring.
    static let queuedMax: Int64 = 20_000_000
    /// Bytes in the rings beyond which several connections share them in turn, so that a message
    /// waits for less than this; about 20 ms of a writer.
    static let sharedBytesMax = 8 << 20
    /// Above what rate a message is costly: several times that of plain events, in nanoseconds per
    /// byte.
    private static let plainRate: Int64 = 12
    /// The rate of a connection's first bytes, before a writer has seen any.
    private static let firstRate: Int64 = 400
    static let firstBytes = 32 << 10
    /// The most that a gzip message can inflate to per byte, and in addition, and the time for that.
    private static let inflation: Int64 = 100
    private static let inflationBase: Int64 = 64 << 10
    private static let inflatedRate: Int64 = 4

    private struct Waiting {
        let number: UInt16
        /// Of its next message.
        let cost: Int64
        /// Of all its messages so far.
        let spent: Int64
    }

    /// Connections whose next message is costly.
    private var waiting: [Waiting] = []
    /// What the connection that was served last had cost: new ones begin there.
    private var served: Int64 = 0
    /// Connections that are not read until a time, in monotonic nanoseconds.
    private var paused: [(number: UInt16, until: Int64)] = []

    /// Whether no connection waits, for its turn or for a time.
    var isEmpty: Bool { waiting.isEmpty && paused.isEmpty }

    /// Whether a connection waits for its turn.
    var hasCostly: Bool { !waiting.isEmpty }

    /// How long until something is to be done for those that wait; nil if none waits.
    func untilNext(at now: Int64, turn: Int64) -> Int64? {
        if hasCostly { return turn }
        return paused.map(\.until).min().map { max(0, $0 - now) }
    }

    /// What a message is expected to cost, in nanoseconds; 0 if it is plain.
    @inline(__always)
    static func cost(of record: IntakeRecord, isFirst: Bool, in peers: PeerBook) -> Int64 {
        let payload = record.payload
        let isPacked = payload.count >= 2 && payload[0] == 0x1F && payload[1] == 0x8B
        let expected = peers.expectedCost(of: record.peer, bytes: payload.count)
        if expected == nil, !isPacked, !isFirst { return 0 }
        return costly(payload.count, expected, isPacked: isPacked)
    }

    @inline(never)
    private static func costly(_ count: Int, _ expected: Int64?, isPacked: Bool) -> Int64 {
        let bytes = Int64(count)
        let most =
            isPacked ? (inflationBase + bytes * inflation) * inflatedRate : bytes * firstRate
        let cost = expected ?? most
        return cost > bytes * plainRate ? cost : 0
    }

    /// Whether a message may go into a ring with that much costly work.
    static func admits(_ cost: Int64, queued: Int64) -> Bool {
        queued == 0 || queued + cost <= queuedMax
    }

    /// Makes a connection wait until its message may go into a ring.
    mutating func wait(_ number: UInt16, cost: Int64, spent: Int64) {
        waiting.append(Waiting(number: number, cost: cost, spent: max(spent, served)))
    }

    /// The connection that is next, and what it has cost; nil if none waits, or a ring has too much
    /// costly work for its message.
    mutating func next(queued: Int64) -> (number: UInt16, spent: Int64)? {
        guard let at = waiting.indices.min(by: { waiting[$0].spent < waiting[$1].spent }),
            Self.admits(waiting[at].cost, queued: queued)
        else { return nil }
        let next = waiting.remove(at: at)
        served = next.spent
        return (next.number, next.spent)
    }

    mutating func forget(_ number: UInt16) {
        waiting.removeAll { $0.number == number }
        paused.removeAll { $0.number == number }
    }

    mutating func pause(_ number: UInt16, until time: Int64) {
        paused.append((number, time))
    }

    /// A connection whose time has come, which no longer waits then.
    mutating func nextPaused(at now: Int64) -> UInt16? {
        guard let at = paused.firstIndex(where: { $0.until <= now }) else { return nil }
        return paused.remove(at: at).number
    }
}
