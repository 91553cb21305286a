package import Dedup

/// The ids of events in an open segment that are not yet in its file of ids.
///
/// Plain memory behind a pointer: every event of a source with `dedup` on touches it. Only the
/// writer's thread uses it. It holds at most ``takenFrom`` bytes plus the ids of one commit.
///
/// Entries, one after the other:
///
///     0  source (2 bytes), seconds since 1970 UTC (4 bytes)     of all ids up to the next of these
///     5  byte count (2 bytes), name of the producer              likewise; directly after a 0
///     1  16 bytes                                                a UUID
///     2  byte count (2 bytes), bytes                             any other id
///     3  hash of the content (8 bytes), 16 bytes                 a UUID
///     4  hash of the content (8 bytes), byte count (2), bytes    any other id
///
/// Versions before 2 wrote 1 and 2, whose contents are unknown.
package struct IdentityList {
    /// A commit takes the entries out from this many bytes on.
    package static let takenFrom = 16 << 10
    /// The most bytes that one event needs.
    private static let entryBytesMax = 7 + 11 + PackedIdentity.byteCountMax
    private static let producerHeaderBytes = 3

    private var start: UnsafeMutableRawPointer?
    private var capacity = 0
    package private(set) var count = 0
    /// The number of the scope of the last entry.
    private var scope = -1
    private var seconds: UInt32 = 0
    /// Events of the segment so far, with and without an id.
    package private(set) var events = 0
    package private(set) var ids = 0
    package private(set) var lastSeconds: UInt32 = 0
    /// Whether the file of ids has been begun.
    package var isBegun = false

    package init() {}

    package func free() { start?.deallocate() }

    /// Adds an event that was filed into the segment.
    ///
    /// - `content`: the hash of its content.
    /// - `scope`: equal numbers mean equal scopes until the next ``take()``.
    /// - `receivedAt`: microseconds since 1970 UTC.
    package mutating func add(
        _ identity: PackedIdentity,
        content: UInt64,
        scope: IdentityScope,
        receivedAt: Int64
    ) {
        events += 1
        guard !identity.isNone else { return }
        let bytesMax =
            Self.entryBytesMax + Self.producerHeaderBytes + scope.producer.count
        if capacity - count < bytesMax { grow(bytesMax) }
        guard let start else { return }
        let seconds = UInt32(clamping: receivedAt / 1_000_000)
        if scope.number != self.scope || seconds != self.seconds {
            begin(scope, seconds: seconds, at: start)
        }
        ids += 1
        let entry = start + count
        entry.storeBytes(of: identity.isUUID ? 3 : 4, as: UInt8.self)
        entry.storeBytes(of: content.littleEndian, toByteOffset: 1, as: UInt64.self)
        if identity.isUUID {
            entry.storeBytes(of: identity.first.littleEndian, toByteOffset: 9, as: UInt64.self)
            entry.storeBytes(of: identity.second.littleEndian, toByteOffset: 17, as: UInt64.self)
            count += 25
        } else if let text = identity.text.baseAddress {
            let size = UInt16(truncatingIfNeeded: identity.text.count)
            entry.storeBytes(of: size.littleEndian, toByteOffset: 9, as: UInt16.self)
            (entry + 11).copyMemory(from: text, byteCount: identity.text.count)
            count += 11 + identity.text.count
        }
    }

    private mutating func begin(
        _ scope: IdentityScope,
        seconds: UInt32,
        at start: UnsafeMutableRawPointer
    ) {
        (self.scope, self.seconds) = (scope.number, seconds)
        lastSeconds = max(lastSeconds, seconds)
        (start + count).storeBytes(of: 0, as: UInt8.self)
        let number = UInt16(truncatingIfNeeded: scope.source)
        (start + count + 1).storeBytes(of: number.littleEndian, as: UInt16.self)
        (start + count + 3).storeBytes(of: seconds.littleEndian, as: UInt32.self)
        count += 7
        guard let producer = scope.producer.baseAddress, !scope.producer.isEmpty else { return }
        let size = UInt16(truncatingIfNeeded: scope.producer.count)
        (start + count).storeBytes(of: 5, as: UInt8.self)
        (start + count + 1).storeBytes(of: size.littleEndian, as: UInt16.self)
        (start + count + Self.producerHeaderBytes).copyMemory(from: producer, byteCount: Int(size))
        count += Self.producerHeaderBytes + Int(size)
    }

    @inline(never)
    private mutating func grow(_ byteCount: Int) {
        let larger = max(4 << 10, capacity * 2, count + byteCount)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        if let start {
            memory.copyMemory(from: start, byteCount: count)
            start.deallocate()
        }
        (start, capacity) = (memory, larger)
    }

    /// Returns the entries since the last call; the next entry states its source and time again.
    package mutating func take() -> [UInt8] {
        defer { (count, scope) = (0, -1) }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
