import Glibc
import Synchronization

/// What is known of a source's peers, by connection number: their names, and what messages that are
/// not plain events cost the writers.
///
/// Any thread: the source's thread names peers, and writers note costs.
package final class PeerBook: Sendable {
    /// Parts of a nanosecond that are counted.
    private static let scale: Int64 = 16
    private static let count = Int(UInt16.max) + 1

    /// The producers of all sources.
    package let producers: ProducerBook
    /// The source's index.
    package let source: Int
    private let names: Mutex<[UInt16: String]> = Mutex([:])
    // Zero pages of the system: only numbers in use take memory.
    private nonisolated(unsafe) let rates: UnsafeMutablePointer<Atomic<UInt32>>

    init(_ producers: ProducerBook, source: Int) {
        self.producers = producers
        self.source = source
        guard let memory = calloc(Self.count, MemoryLayout<Atomic<UInt32>>.stride) else {
            preconditionFailure("no memory")
        }
        rates = memory.bindMemory(to: Atomic<UInt32>.self, capacity: Self.count)
    }

    deinit {
        free(rates)
    }

    /// The name of a connection's peer; nil for an unknown connection.
    package func name(of number: UInt16) -> String? {
        number == 0 ? nil : names.withLock { $0[number] }
    }

    /// Begins a connection's entry: its peer's name, and no cost yet.
    package func begin(_ number: UInt16, name: String) {
        names.withLock { $0[number] = name }
        rates[Int(number)].store(0, ordering: .relaxed)
    }

    /// The producer at a peer's address.
    ///
    /// `host`: of a peer's name, as ``PeerNotices/host(of:)`` returns it.
    package func producer(at host: String) -> Producer {
        guard !host.hasPrefix("ipc://") else {
            // The user is proved by the system; each of its processes has another number.
            let user = host.split(separator: ",").first.map(String.init) ?? host
            return producers.producer(of: source, address: user)
        }
        return producers.producer(of: source, address: host)
    }

    /// The producer with a key of this name; nil if there is no number left for it.
    package func producer(key name: String) -> Producer? {
        producers.producer(of: source, key: name)
    }

    /// The producers that are not told apart.
    package var others: Producer { producers.others(of: source) }

    /// Notes that a message of `bytes` took a writer `nanoseconds`; the rate is a moving average.
    package func noteCost(of peer: UInt16, bytes: Int, nanoseconds: Int64) {
        guard peer != 0, bytes > 0, nanoseconds >= 0 else { return }
        let sample = nanoseconds &* Self.scale / Int64(bytes)
        let before = Int64(rates[Int(peer)].load(ordering: .relaxed))
        let after = before == 0 ? sample : (before * 3 + sample) / 4
        rates[Int(peer)].store(UInt32(clamping: max(1, after)), ordering: .relaxed)
    }

    /// The expected cost of `bytes` more of a connection, in nanoseconds; nil if nothing was noted.
    package func expectedCost(of peer: UInt16, bytes: Int) -> Int64? {
        let rate = Int64(rates[Int(peer)].load(ordering: .relaxed))
        return rate == 0 ? nil : rate &* Int64(bytes) / Self.scale
    }
}

/// The costly messages that are in one ring, by their end there.
struct CostQueue {
    private var entries: [(end: Int, cost: Int64)] = []
    private var start = 0
    /// Expected nanoseconds of a writer's time, in all.
    private(set) var total: Int64 = 0

    mutating func add(end: Int, cost: Int64) {
        entries.append((end, cost))
        total += cost
    }

    /// Removes those that the writer has read.
    @inline(__always)
    mutating func remove(through position: Int) {
        if total > 0 { drop(through: position) }
    }

    @inline(never)
    private mutating func drop(through position: Int) {
        while start < entries.count, entries[start].end <= position {
            total -= entries[start].cost
            start += 1
        }
        if start == entries.count, start > 0 {
            entries.removeAll(keepingCapacity: true)
            start = 0
        }
    }
}
