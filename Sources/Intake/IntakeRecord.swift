/// A message as a source puts it into a ring and a writer reads it.
///
///     offset  bytes
///     0       2     source's index; the highest bit is 1 if a producer waits for an answer
///     2       2     number of the producer, as in ``ProducerBook``
///     4       2     bytes of the return address
///     6       2     number of the connection; 0 is unknown
///     8       8     received at, microseconds since 1970 UTC
///     16            return address, payload, without gaps
///
/// In the machine's byte order: it never leaves the process.
package struct IntakeRecord {
    package static let headerByteCount = 16
    private static let answeredBit: UInt16 = 1 << 15
    /// The longest return address, in bytes.
    package static let addressBytesMax = Int(UInt16.max)

    package var source: Int
    /// Whether a producer waits for an answer.
    package var isAnswered: Bool
    /// The number of its connection; 0 is unknown.
    package var peer: UInt16
    /// The number of its producer.
    package var producer: UInt16
    /// Microseconds since 1970 UTC.
    package var receivedAt: Int64
    /// Where the answer goes: bytes that only the kind of source understands.
    ///
    /// At most ``addressBytesMax``.
    package var returnAddress: UnsafeRawBufferPointer
    package var payload: UnsafeRawBufferPointer

    /// `producer`: nil for those that are not told apart.
    package init(
        source: Int,
        isAnswered: Bool = false,
        peer: UInt16 = 0,
        producer: UInt16? = nil,
        receivedAt: Int64,
        returnAddress: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        payload: UnsafeRawBufferPointer
    ) {
        self.source = source
        self.isAnswered = isAnswered
        self.peer = peer
        self.producer = producer ?? UInt16(truncatingIfNeeded: source)
        self.receivedAt = receivedAt
        self.returnAddress = returnAddress
        self.payload = payload
    }

    /// Reads a record as ``write(to:)`` wrote it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.headerByteCount, "a record without its header")
        let first = bytes.load(as: UInt16.self)
        source = Int(first & ~Self.answeredBit)
        isAnswered = first & Self.answeredBit != 0
        producer = bytes.load(fromByteOffset: 2, as: UInt16.self)
        let payloadStart =
            Self.headerByteCount + Int(bytes.load(fromByteOffset: 4, as: UInt16.self))
        peer = bytes.load(fromByteOffset: 6, as: UInt16.self)
        receivedAt = bytes.load(fromByteOffset: 8, as: Int64.self)
        returnAddress = UnsafeRawBufferPointer(
            rebasing: bytes[Self.headerByteCount..<payloadStart]
        )
        payload = UnsafeRawBufferPointer(rebasing: bytes[payloadStart...])
    }

    /// Bytes of the record in a ring.
    package var byteCount: Int { Self.headerByteCount + returnAddress.count + payload.count }

    /// Writes ``byteCount`` bytes; `room` is aligned to 8.
    package func write(to room: UnsafeMutableRawPointer) {
        let first = UInt16(truncatingIfNeeded: source) | (isAnswered ? Self.answeredBit : 0)
        room.storeBytes(of: first, as: UInt16.self)
        room.storeBytes(of: producer, toByteOffset: 2, as: UInt16.self)
        room.storeBytes(
            of: UInt16(truncatingIfNeeded: returnAddress.count),
            toByteOffset: 4,
            as: UInt16.self
        )
        room.storeBytes(of: peer, toByteOffset: 6, as: UInt16.self)
        room.storeBytes(of: receivedAt, toByteOffset: 8, as: Int64.self)
        let start = room + Self.headerByteCount
        if let address = returnAddress.baseAddress {
            start.copyMemory(from: address, byteCount: returnAddress.count)
        }
        if let bytes = payload.baseAddress {
            (start + returnAddress.count).copyMemory(from: bytes, byteCount: payload.count)
        }
    }
}
