import Synchronization

/// Receives bursts after they have been filed, for aggregates or a tap.
///
/// Several writers call at the same time, each from its own thread. A slow observer slows them down.
package protocol EventObserver: AnyObject, Sendable {
    /// Called once per burst.
    ///
    /// The views are valid during the call only.
    func observe(_ burst: borrowing EventBurst)
}

/// The observers of filed bursts.
///
/// Any thread may call. Without observers, a burst costs one relaxed load.
package final class Observers: Sendable {
    private let areThere = Atomic<Bool>(false)
    private let list = Mutex<[any EventObserver]>([])

    package init() {}

    package func add(_ observer: any EventObserver) {
        list.withLock { list in
            list.append(observer)
            areThere.store(true, ordering: .relaxed)
        }
    }

    /// Removes an observer; a burst in progress may still reach it.
    package func remove(_ observer: any EventObserver) {
        list.withLock { list in
            list.removeAll { $0 === observer }
            areThere.store(!list.isEmpty, ordering: .relaxed)
        }
    }

    @inline(__always)
    func show(_ burst: borrowing EventBurst) {
        if areThere.load(ordering: .relaxed) { tell(burst) }
    }

    @inline(never)
    private func tell(_ burst: borrowing EventBurst) {
        for observer in list.withLock({ $0 }) { observer.observe(burst) }
    }
}
