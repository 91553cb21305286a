import CZeroMQ

/// The sockets and descriptors that one thread waits for together (zmq_poll).
///
/// Items keep their order; an index identifies an item. The sockets must outlive the set.
package struct PollSet: ~Copyable {
    private let items: UnsafeMutablePointer<zmq_pollitem_t>
    /// What each item waits for while it is enabled.
    private let interests: UnsafeMutablePointer<Int16>
    private let capacity: Int
    /// How many items were added.
    package private(set) var count = 0

    /// Room for `capacity` items; adding more traps.
    package init(capacity: Int) {
        self.capacity = capacity
        items = .allocate(capacity: capacity)
        interests = .allocate(capacity: capacity)
    }

    deinit {
        items.deallocate()
        interests.deallocate()
    }

    /// Adds `socket` to what is waited for; returns its index.
    @discardableResult
    package mutating func add(
        _ socket: borrowing Socket,
        readable: Bool = true,
        writable: Bool = false
    ) -> Int {
        let events = (readable ? ZMQ_POLLIN : 0) | (writable ? ZMQ_POLLOUT : 0)
        return append(
            zmq_pollitem_t(
                socket: socket.handle,
                fd: 0,
                events: Int16(truncatingIfNeeded: events),
                revents: 0
            )
        )
    }

    /// Adds `descriptor`, waiting for it to be readable; returns its index.
    ///
    /// The caller keeps ownership of it.
    @discardableResult
    package mutating func add(descriptor: Int32) -> Int {
        append(
            zmq_pollitem_t(
                socket: nil,
                fd: descriptor,
                events: Int16(truncatingIfNeeded: ZMQ_POLLIN),
                revents: 0
            )
        )
    }

    /// Sets whether ``wait(timeout:)`` considers the item; a disabled one is never ready.
    package mutating func setEnabled(_ index: Int, _ enabled: Bool) {
        precondition(index >= 0 && index < count, "no such item")
        items[index].events = enabled ? interests[index] : 0
        if !enabled { items[index].revents = 0 }
    }

    /// Changes the events that a socket's item waits for.
    package mutating func setInterest(_ index: Int, readable: Bool, writable: Bool) {
        precondition(index >= 0 && index < count, "no such item")
        let events = (readable ? ZMQ_POLLIN : 0) | (writable ? ZMQ_POLLOUT : 0)
        interests[index] = Int16(truncatingIfNeeded: events)
        items[index].events = interests[index]
    }

    /// Waits until an item is ready or `timeout` milliseconds have passed (-1: no limit; 0: does
    /// not wait).
    ///
    /// - Returns: the number of ready items; 0 also if a signal interrupted the wait.
    @discardableResult
    package mutating func wait(timeout milliseconds: Int) throws(ZeroMQError) -> Int {
        let ready = zmq_poll(items, Int32(count), milliseconds)
        if ready >= 0 { return Int(ready) }
        let code = zmq_errno()
        guard code == EINTR else {
            throw ZeroMQError(errno: code, operation: "poll", subject: "\(count) sockets")
        }
        // The results of the previous round must not be mistaken for this one's.
        for index in 0..<count { items[index].revents = 0 }
        return 0
    }

    /// Whether the latest ``wait(timeout:)`` found the item readable, or a descriptor in error.
    package func isReadable(_ index: Int) -> Bool {
        precondition(index >= 0 && index < count, "no such item")
        return Int32(items[index].revents) & (ZMQ_POLLIN | ZMQ_POLLERR) != 0
    }

    /// Whether the latest ``wait(timeout:)`` found the item writable.
    package func isWritable(_ index: Int) -> Bool {
        precondition(index >= 0 && index < count, "no such item")
        return Int32(items[index].revents) & ZMQ_POLLOUT != 0
    }

    private mutating func append(_ item: zmq_pollitem_t) -> Int {
        precondition(count < capacity, "the poll set is full")
        (items + count).initialize(to: item)
        (interests + count).initialize(to: item.events)
        count += 1
        return count - 1
    }
}
