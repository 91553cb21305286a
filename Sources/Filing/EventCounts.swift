import Events

/// A writer's counts of events since they were last taken: what has arrived, what went into
/// segments, and how many each channel had.
///
/// Plain memory, because every event touches it. One thread, the writer's.
struct EventCounts: ~Copyable {
    private let sources: Int
    private let arrived: UnsafeMutablePointer<Int>
    private let accepted: UnsafeMutablePointer<Int>
    private let repeated: UnsafeMutablePointer<Int>
    private let reused: UnsafeMutablePointer<Int>
    private let suppressed: UnsafeMutablePointer<Int>
    private let dropped: UnsafeMutablePointer<Int>
    /// By source, then ``Rejection/index``.
    private let rejected: UnsafeMutablePointer<Int>
    private let reasons = Rejection.allCases.count
    /// By the channel's number; grows with ever new channels.
    private var channels: UnsafeMutableBufferPointer<Int>

    init(sources: Int) {
        self.sources = sources
        arrived = Self.zeros(sources)
        accepted = Self.zeros(sources)
        repeated = Self.zeros(sources)
        reused = Self.zeros(sources)
        suppressed = Self.zeros(sources)
        dropped = Self.zeros(sources)
        rejected = Self.zeros(sources * reasons)
        channels = UnsafeMutableBufferPointer(start: Self.zeros(64), count: 64)
    }

    deinit {
        arrived.deallocate()
        accepted.deallocate()
        repeated.deallocate()
        reused.deallocate()
        suppressed.deallocate()
        dropped.deallocate()
        rejected.deallocate()
        channels.deallocate()
    }

    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Int> {
        let memory = UnsafeMutablePointer<Int>.allocate(capacity: count)
        memory.initialize(repeating: 0, count: count)
        return memory
    }

    func arrive(_ source: Int) {
        arrived[source] &+= 1
    }

    mutating func accept(_ source: Int, channel: UInt32) {
        // Swift 6.3 cannot compile accepted[source] here for the thread sanitizer.
        (accepted + source).pointee &+= 1
        if Int(channel) >= channels.count { growChannels(to: Int(channel) + 1) }
        channels[Int(channel)] &+= 1
    }

    /// An event that came before.
    func `repeat`(_ source: Int) {
        repeated[source] &+= 1
    }

    /// An accepted event whose id another one had.
    func reuse(_ source: Int) {
        reused[source] &+= 1
    }

    func reject(_ source: Int, _ rejection: Rejection) {
        rejected[source * reasons + rejection.index] &+= 1
    }

    /// An event of a kind that nobody is to keep.
    func suppress(_ source: Int) {
        suppressed[source] &+= 1
    }

    /// A rejected piece that quarantine does not take, or an event that is kept nowhere.
    func drop(_ source: Int) {
        dropped[source] &+= 1
    }

    @inline(never)
    private mutating func growChannels(to count: Int) {
        let larger = max(count, channels.count * 2)
        let memory = Self.zeros(larger)
        if let old = channels.baseAddress { memory.update(from: old, count: channels.count) }
        channels.deallocate()
        channels = UnsafeMutableBufferPointer(start: memory, count: larger)
    }

    /// Whether anything has arrived since ``takeArrived(_:)``.
    var hasArrived: Bool {
        for source in 0..<sources where arrived[source] != 0 { return true }
        return false
    }

    /// Gives what has arrived, by source, and forgets it.
    func takeArrived(_ body: (_ source: Int, _ count: Int) -> Void) {
        for source in 0..<sources {
            body(source, arrived[source])
            arrived[source] = 0
        }
    }

    /// What went into segments or came before, by source; it is forgotten.
    func takeTallies() -> [CommitTally] {
        (0..<sources).map { source in
            var tally = CommitTally()
            tally.accepted = accepted[source]
            accepted[source] = 0
            tally.repeated = repeated[source]
            repeated[source] = 0
            tally.reused = reused[source]
            reused[source] = 0
            tally.suppressed = suppressed[source]
            suppressed[source] = 0
            tally.dropped = dropped[source]
            dropped[source] = 0
            for at in 0..<reasons {
                tally.rejected[at] = rejected[source * reasons + at]
                rejected[source * reasons + at] = 0
            }
            return tally
        }
    }

    /// Gives the number of each channel that had events, and how many, and forgets them.
    func takeChannels(_ body: (_ channel: UInt32, _ count: Int) -> Void) {
        for at in channels.indices where channels[at] != 0 {
            body(UInt32(at), channels[at])
            channels[at] = 0
        }
    }
}
