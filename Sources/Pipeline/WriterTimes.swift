/// When a writer did what, in monotonic nanoseconds.
struct WriterTimes {
    /// How often segments are looked at, and numbers published.
    static let lookNanoseconds: Int64 = 100_000_000
    /// How long after the last message the writer expects another.
    private static let warmNanoseconds: Int64 = 5_000_000

    /// The time of the current round.
    var now: Int64 = 0
    private(set) var lastMessageAt: Int64 = 0
    private var lastLook: Int64 = 0
    private var lastTold: Int64 = 0

    mutating func noteMessage() { lastMessageAt = now }

    /// Whether messages arrived a moment ago.
    var isWarm: Bool { now - lastMessageAt < Self.warmNanoseconds }

    /// Whether to look at the segments now; if so, the next time is later.
    mutating func isTimeToLook() -> Bool {
        guard now - lastLook >= Self.lookNanoseconds else { return false }
        lastLook = now
        return true
    }

    /// The same for publishing all numbers, which `force` requests at once.
    mutating func isTimeToTell(force: Bool) -> Bool {
        guard force || now - lastTold >= Self.lookNanoseconds else { return false }
        lastTold = now
        return true
    }
}
