import Synchronization

/// One end's hold on its ring: keeps the memory alive, and lets nobody else be that end.
///
/// The ends keep it beside the raw pointers they work with, so that a record costs no reference
/// count.
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
    /// A second holder would tear records, so that traps.
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

    /// Gives the end back: the next holder goes on where this one stopped.
    deinit {
        switch side {
        case .producer: ring.hasProducer.store(false, ordering: .releasing)
        case .consumer: ring.hasConsumer.store(false, ordering: .releasing)
        }
    }
}
