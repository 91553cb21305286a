import CZeroMQ

/// One frame in a reusable `zmq_msg_t`: the owner creates it once and receives into it repeatedly,
/// without an allocation per message.
///
/// One thread at a time. The `zmq_msg_t` has a fixed address on the heap, because libzmq stores up
/// to 33 bytes of a message inside it and ``bytes`` must not move.
package struct Message: ~Copyable {
    let raw: UnsafeMutablePointer<zmq_msg_t>

    /// An empty message, to receive into or to ``assign(_:)`` to.
    package init() {
        raw = .allocate(capacity: 1)
        zmq_msg_init(raw)
    }

    /// A message with a copy of `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self.init()
        assign(bytes)
    }

    deinit {
        zmq_msg_close(raw)
        raw.deallocate()
    }

    /// The frame's bytes; valid until the next call that changes the message, or until its end.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw))
    }

    /// Whether further frames of the same multipart message follow.
    package var hasMore: Bool { zmq_msg_more(raw) != 0 }

    /// The descriptor of the connection that delivered the message; nil if none, as with `inproc`.
    package var sourceDescriptor: Int32? {
        let descriptor = zmq_msg_get(raw, ZMQ_SRCFD)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Replaces the content with a copy of `bytes`.
    package mutating func assign(_ bytes: UnsafeRawBufferPointer) {
        let target = allocate(bytes.count)
        target.copyMemory(from: bytes)
    }

    /// Replaces the content with `count` uninitialised bytes for the caller to fill.
    ///
    /// Traps if memory is exhausted, as every Swift allocation does.
    package mutating func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        zmq_msg_close(raw)
        precondition(zmq_msg_init_size(raw, count) == 0, "out of memory for a message")
        return UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: count)
    }

    /// Takes over the content of `other`, which is empty afterwards; large content is not copied.
    package mutating func move(from other: inout Message) {
        zmq_msg_move(raw, other.raw)
    }

    /// Frees the content at once instead of at the next receive.
    package mutating func clear() {
        zmq_msg_close(raw)
        zmq_msg_init(raw)
    }
}
