import Glibc

/// Raw memory that grows, with readable bytes after its end for parsers that read whole words.
///
/// Owned by one thread at a time.
package struct GrowableBuffer: ~Copyable, @unchecked Sendable {
    /// Readable bytes after `capacity`, as simdjson requires.
    package static let guardBytes = 64

    private var memory: UnsafeMutableRawBufferPointer

    /// Bytes filled, from the start.
    package private(set) var count = 0

    package init(capacity: Int = 0) {
        precondition(capacity >= 0, "a buffer cannot have \(capacity) bytes")
        memory = Self.allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    /// Bytes that fit in total.
    package var capacity: Int { memory.count - Self.guardBytes }

    /// The filled bytes; valid until the next call of `reserve` and while the buffer lives.
    ///
    /// The `guardBytes` after them are readable.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// The room after the filled bytes; valid like `bytes`.
    package var room: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[count..<capacity])
    }

    /// Makes room for `capacity` bytes in total, keeping the filled ones.
    package mutating func reserve(_ wanted: Int) {
        guard wanted > capacity else { return }
        let larger = Self.allocate(capacity: wanted)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }

    /// Counts `added` bytes of `room` as filled.
    package mutating func advance(by added: Int) {
        precondition(added >= 0 && added <= capacity - count, "no room for \(added) bytes")
        count += added
    }

    /// Appends bytes, growing by at least half if there is no room.
    package mutating func append(_ added: UnsafeRawBufferPointer) {
        guard !added.isEmpty else { return }
        if added.count > capacity - count {
            reserve(max(count + added.count, capacity + capacity / 2))
        }
        room.copyMemory(from: added)
        count += added.count
    }

    /// Drops the first `removed` bytes and moves the rest to the start.
    package mutating func removeFirst(_ removed: Int) {
        precondition(removed >= 0 && removed <= count, "no \(removed) bytes to remove")
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[removed..<count]))
        count -= removed
    }

    /// Drops the last `removed` bytes.
    package mutating func removeLast(_ removed: Int) {
        precondition(removed >= 0 && removed <= count, "no \(removed) bytes to remove")
        count -= removed
    }

    /// Discards the content and keeps the memory.
    package mutating func removeAll() { count = 0 }

    private static func allocate(capacity: Int) -> UnsafeMutableRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: capacity + guardBytes,
            alignment: 16
        )
        // Parsers load the bytes after the filled ones but never use their values.
        if let start = memory.baseAddress { memset(start + capacity, 0, guardBytes) }
        return memory
    }
}
