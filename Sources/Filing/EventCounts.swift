import Events

/// A writer's counts of events since they were last taken: of arrivals, of events in segments, and
/// per channel.
///
/// Plain memory, because every event touches it. Only the writer's thread uses it.
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
    /// By the channel's number; grows with new channels.
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

    /// Counts a duplicate.
    func `repeat`(_ source: Int) {
        repeated[source] &+= 1
    }

    /// Counts an accepted event whose id another one had.
    func reuse(_ source: Int) {
        reused[source] &+= 1
    }

    func reject(_ source: Int, _ rejection: Rejection) {
        rejected[source * reasons + rejection.index] &+= 1
    }

    /// Counts an event of a kind that must not be stored.
    func suppress(_ source: Int) {
        suppressed[source] &+= 1
    }

    /// Counts a rejected piece that quarantine does not accept, or an event that is not stored.
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

    /// Returns the arrivals by source, and resets them.
    func takeArrived(_ body: (_ source: Int, _ count: Int) -> Void) {
        for source in 0..<sources {
            body(source, arrived[source])
            arrived[source] = 0
        }
    }

    /// Returns the counts of events in segments and of duplicates, by source, and resets them.
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

    /// Returns the number and the count of each channel with events, and resets the counts.
    func takeChannels(_ body: (_ channel: UInt32, _ count: Int) -> Void) {
        for at in channels.indices where channels[at] != 0 {
            body(UInt32(at), channels[at])
            channels[at] = 0
        }
    }
}
