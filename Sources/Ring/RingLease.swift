import Synchronization

/// The exclusive claim of one end on its ring: it keeps the memory alive and prevents a second end.
///
/// Each end stores a lease beside its raw pointers, so that no record costs a reference count.
@usableFromInline
final class RingLease: Sendable {
    /// One of the two ends.
    enum Side: Sendable {
        case producer
        case consumer
    }

    private let ring: RingBuffer
    private let side: Side
    private let parker: Parker?

    /// Takes an end.
    ///
    /// Traps if the end is taken: two holders would tear records.
    init(_ ring: RingBuffer, _ side: Side, waking parker: Parker? = nil) {
        self.ring = ring
        self.side = side
        self.parker = parker
        let wasTaken =
            switch side {
            case .producer: ring.hasProducer.exchange(true, ordering: .acquiringAndReleasing)
            case .consumer: ring.hasConsumer.exchange(true, ordering: .acquiringAndReleasing)
            }
        precondition(!wasTaken, "this ring already has a \(side)")
    }

    /// Releases the end: the next holder continues where this one stopped.
    deinit {
        switch side {
        case .producer: ring.hasProducer.store(false, ordering: .releasing)
        case .consumer: ring.hasConsumer.store(false, ordering: .releasing)
        }
    }
}
