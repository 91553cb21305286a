import Synchronization

/// Numbers the events of each source, from 1, without gaps over all writers.
///
/// Any thread may call: the memory behind the pointer holds atomics only, which is why the class
/// may be shared.
package final class SourceSequences: @unchecked Sendable {
    private let counters: UnsafeMutablePointer<Atomic<UInt64>>
    private let count: Int

    package init(sources: Int) {
        count = sources
        counters = .allocate(capacity: sources)
        for at in 0..<sources { (counters + at).initialize(to: Atomic(0)) }
    }

    deinit {
        counters.deinitialize(count: count)
        counters.deallocate()
    }

    func next(_ source: Int) -> UInt64 {
        counters[source].wrappingAdd(1, ordering: .relaxed).newValue
    }
}
