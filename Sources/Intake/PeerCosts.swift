import Glibc
import Synchronization

/// What messages of each connection cost the writers, as far as they are not plain events.
///
/// Any thread: writers note, the source's thread reads. By connection number.
package final class PeerCosts: Sendable {
    /// Parts of a nanosecond that are counted.
    private static let scale: Int64 = 16
    private static let count = Int(UInt16.max) + 1

    // Zero pages of the system: only numbers in use take memory.
    private nonisolated(unsafe) let rates: UnsafeMutablePointer<Atomic<UInt32>>

    init() {
        guard let memory = calloc(Self.count, MemoryLayout<Atomic<UInt32>>.stride) else {
            preconditionFailure("no memory")
        }
        rates = memory.bindMemory(to: Atomic<UInt32>.self, capacity: Self.count)
    }

    deinit {
        free(rates)
    }

    /// Notes that a message of `bytes` took a writer `nanoseconds`; the rate is a moving average.
    package func note(_ peer: UInt16, bytes: Int, nanoseconds: Int64) {
        guard peer != 0, bytes > 0, nanoseconds >= 0 else { return }
        let sample = nanoseconds &* Self.scale / Int64(bytes)
        let before = Int64(rates[Int(peer)].load(ordering: .relaxed))
        let after = before == 0 ? sample : (before * 3 + sample) / 4
        rates[Int(peer)].store(UInt32(clamping: max(1, after)), ordering: .relaxed)
    }

    /// The expected cost of `bytes` more of a connection, in nanoseconds; nil if nothing was noted.
    package func expected(_ peer: UInt16, bytes: Int) -> Int64? {
        let rate = Int64(rates[Int(peer)].load(ordering: .relaxed))
        return rate == 0 ? nil : rate &* Int64(bytes) / Self.scale
    }

    /// Forgets a connection, whose number another one gets.
    package func forget(_ peer: UInt16) {
        rates[Int(peer)].store(0, ordering: .relaxed)
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
    mutating func remove(through position: Int) {
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
