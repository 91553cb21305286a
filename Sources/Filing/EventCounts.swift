import Events
import Intake

/// A writer's counts of events since they were last taken, by producer: of arrivals, and of events in
/// segments; and per channel.
///
/// Plain memory, because every event touches it. Only the writer's thread uses it.
struct EventCounts: ~Copyable {
    /// The counts of one producer.
    private struct Counts {
        var arrived = 0
        var accepted = 0
        var bytes = 0
        var repeated = 0
        var reused = 0
        var untimely = UntimelyCounts()
        var suppressed = 0
        var declined = 0
        var dropped = 0
        var lists: Lists = []
    }

    /// The lists that have a producer.
    private struct Lists: OptionSet {
        let rawValue: UInt8
        static let touched = Lists(rawValue: 1)
        static let arrivals = Lists(rawValue: 2)
        static let all: Lists = [.touched, .arrivals]
    }

    /// By the producer's number.
    private let counts: UnsafeMutablePointer<Counts>
    /// By producer, then ``Rejection/index``; only of producers with rejections.
    private var rejected: [Int: [Int]] = [:]
    /// Producers with counts for the next commit, and with arrivals not yet taken.
    private var touched: [Int] = []
    private var arrivals: [Int] = []
    /// By the channel's number; grows with new channels.
    private var channels: UnsafeMutableBufferPointer<Int>

    init() {
        counts = .allocate(capacity: ProducerBook.countMax)
        counts.initialize(repeating: Counts(), count: ProducerBook.countMax)
        channels = UnsafeMutableBufferPointer(start: Self.zeros(64), count: 64)
    }

    deinit {
        counts.deallocate()
        channels.deallocate()
    }

    private static func zeros(_ count: Int) -> UnsafeMutablePointer<Int> {
        let memory = UnsafeMutablePointer<Int>.allocate(capacity: count)
        memory.initialize(repeating: 0, count: count)
        return memory
    }

    @inline(__always)
    mutating func arrive(_ producer: Int) {
        (counts + producer).pointee.arrived &+= 1
        if (counts + producer).pointee.lists != .all { list(producer) }
    }

    @inline(never)
    private mutating func list(_ producer: Int) {
        let lists = counts[producer].lists
        if !lists.contains(.arrivals) { arrivals.append(producer) }
        if !lists.contains(.touched) { touched.append(producer) }
        counts[producer].lists = .all
    }

    /// Counts an event that arrived, and that is in a segment with `bytes` of line.
    mutating func accept(_ producer: Int, channel: UInt32, bytes: Int) {
        (counts + producer).pointee.accepted &+= 1
        (counts + producer).pointee.bytes &+= bytes
        if Int(channel) >= channels.count { growChannels(to: Int(channel) + 1) }
        channels[Int(channel)] &+= 1
    }

    /// Counts a duplicate.
    func `repeat`(_ producer: Int) {
        counts[producer].repeated &+= 1
    }

    /// Counts an accepted event whose id another one had.
    func reuse(_ producer: Int) {
        counts[producer].reused &+= 1
    }

    /// Counts an accepted event whose own time did not decide its folder.
    @inline(never)
    func mark(_ producer: Int, _ timeliness: Timeliness) {
        counts[producer].untimely.add(timeliness)
    }

    /// Counts a rejected piece, in quarantine with `bytes` of line.
    mutating func reject(_ producer: Int, _ rejection: Rejection, bytes: Int) {
        counts[producer].bytes &+= bytes
        let none = [Int](repeating: 0, count: Rejection.allCases.count)
        rejected[producer, default: none][rejection.index] &+= 1
    }

    /// Counts an event of a kind that must not be stored.
    func suppress(_ producer: Int) {
        counts[producer].suppressed &+= 1
    }

    /// Counts an event that its person does not want to be kept.
    func decline(_ producer: Int) {
        counts[producer].declined &+= 1
    }

    /// Counts a rejected piece that quarantine does not accept, or an event that is not stored.
    func drop(_ producer: Int) {
        counts[producer].dropped &+= 1
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
    var hasArrived: Bool { !arrivals.isEmpty }

    /// Returns the arrivals of each producer with any, and resets them.
    mutating func takeArrived(_ body: (_ producer: Int, _ count: Int) -> Void) {
        for producer in arrivals {
            body(producer, counts[producer].arrived)
            counts[producer].arrived = 0
            counts[producer].lists.remove(.arrivals)
        }
        arrivals.removeAll(keepingCapacity: true)
    }

    /// Returns the counts of events in segments, of duplicates and of others, of each producer with
    /// any, and resets them.
    mutating func takeTallies() -> [ProducerTally] {
        defer {
            touched.removeAll(keepingCapacity: true)
            rejected.removeAll(keepingCapacity: true)
        }
        return touched.map { producer in
            var tally = CommitTally()
            let count = counts[producer]
            tally.accepted = count.accepted
            tally.repeated = count.repeated
            tally.reused = count.reused
            tally.untimely = count.untimely
            tally.suppressed = count.suppressed
            tally.declined = count.declined
            tally.dropped = count.dropped
            tally.lineBytes = count.bytes
            if let rejected = rejected[producer] { tally.rejected = rejected }
            counts[producer] = Counts()
            counts[producer].arrived = count.arrived
            counts[producer].lists = count.lists.subtracting(.touched)
            return ProducerTally(producer: producer, tally: tally)
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
