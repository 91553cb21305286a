/// Bytes that are added at the end and taken from the start, in one piece of memory.
///
/// Memory grows with what is added, at most to twice that and ``byteCountMin``; ``trim()`` returns
/// it. One thread uses it.
package struct ByteQueue: ~Copyable {
    private static let byteCountMin = 512

    private var memory: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    package init() {}

    deinit {
        memory?.deallocate()
    }

    package var count: Int { end - start }
    package var isEmpty: Bool { start == end }
    /// Bytes of memory.
    package var byteCapacity: Int { capacity }

    /// The bytes from the start on; valid until the next change.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.map { $0 + start }, count: count)
    }

    /// Room for `count` bytes behind the end, to be filled before ``added(_:)``.
    package mutating func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - end < count { makeRoom(count) }
        return UnsafeMutableRawBufferPointer(start: memory.map { $0 + end }, count: count)
    }

    /// Notes that `count` bytes of the room were filled.
    package mutating func added(_ count: Int) {
        precondition(count >= 0 && count <= capacity - end, "more bytes than there is room for")
        end += count
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let from = bytes.baseAddress, !bytes.isEmpty else { return }
        let room = room(bytes.count)
        room.baseAddress?.copyMemory(from: from, byteCount: bytes.count)
        end += bytes.count
    }

    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Adds a frame with the given body.
    package mutating func appendFrame(
        _ body: UnsafeRawBufferPointer,
        hasMore: Bool = false,
        isCommand: Bool = false
    ) {
        let header = FrameHeader(bodyCount: body.count, hasMore: hasMore, isCommand: isCommand)
        let room = room(header.frameByteCount)
        guard let start = room.baseAddress else { return }
        header.write(to: start)
        if let from = body.baseAddress {
            (start + header.byteCount).copyMemory(from: from, byteCount: body.count)
        }
        end += header.frameByteCount
    }

    /// Adds a frame with the given body, encrypted.
    package mutating func appendFrame(
        _ body: UnsafeRawBufferPointer,
        hasMore: Bool = false,
        isCommand: Bool = false,
        by session: inout CurveSession
    ) {
        let header = FrameHeader(bodyCount: body.count + CurveSession.overhead)
        let room = room(header.frameByteCount)
        guard let start = room.baseAddress else { return }
        header.write(to: start)
        let sealed = UnsafeMutableRawBufferPointer(rebasing: room[header.byteCount...])
        _ = session.seal(more: hasMore, isCommand: isCommand, body, into: sealed)
        end += header.frameByteCount
    }

    /// Adds a frame that was encrypted, as it was before; throws if it is not authentic.
    ///
    /// `sealed`: the body of its MESSAGE.
    package mutating func appendOpened(
        _ sealed: UnsafeRawBufferPointer,
        by session: inout CurveSession
    ) throws(CurveFault) {
        let bodyCount = max(0, sealed.count - CurveSession.overhead)
        let header = FrameHeader(bodyCount: bodyCount)
        let room = room(header.frameByteCount)
        // The byte ahead of the payload is the header's last, which is written after it.
        let place = UnsafeMutableRawBufferPointer(
            rebasing: room[(header.byteCount - CurveSession.payloadOffset)...]
        )
        let message = try session.open(sealed, into: place)
        guard let start = room.baseAddress else { return }
        FrameHeader(
            bodyCount: message.count,
            hasMore: message.hasMore,
            isCommand: message.isCommand
        ).write(to: start)
        end += header.frameByteCount
    }

    /// Removes `count` bytes from the start.
    package mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more bytes than there are")
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    package mutating func removeAll() { removeFirst(count) }

    /// Returns the memory of an empty queue.
    package mutating func trim() {
        guard isEmpty, capacity > 0 else { return }
        memory?.deallocate()
        memory = nil
        capacity = 0
    }

    /// Makes the memory large enough for `count` bytes in all; for a length known in advance.
    package mutating func reserve(_ count: Int) {
        if capacity < count { move(to: count) }
    }

    @inline(never)
    private mutating func makeRoom(_ more: Int) {
        let needed = count + more
        if needed <= capacity / 2 {
            if let memory { memory.copyMemory(from: memory + start, byteCount: count) }
            end -= start
            start = 0
        } else {
            move(to: max(Self.byteCountMin, needed.nextPowerOfTwo))
        }
    }

    private mutating func move(to newCapacity: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        if let memory {
            larger.copyMemory(from: memory + start, byteCount: count)
            memory.deallocate()
        }
        memory = larger
        capacity = newCapacity
        end -= start
        start = 0
    }
}

extension Int {
    /// The least power of two that is not less; for 1 and more.
    fileprivate var nextPowerOfTwo: Int {
        1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
