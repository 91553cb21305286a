/// What a receiver puts into a ring for one message, and how a writer reads it.
///
///     offset  bytes
///     0       2     source's index
///     2       1     kind: 0 unacknowledged, 1 router
///     3       1     bytes of the peer's routing id
///     4       2     bytes of the envelope
///     6       2     number of the connection, see ``PeerTable``; 0 is unknown
///     8       8     received at, microseconds since 1970 UTC
///     16            routing id, envelope, payload, without gaps
///
/// The envelope is what stood in front of the payload, frame by frame: a byte with the frame's
/// length, then the frame. In the machine's byte order: it never leaves the process.
package struct IntakeRecord {
    package static let headerByteCount = 16
    /// What a record can need beyond the payload.
    static let overheadBytesMax = headerByteCount + PeerAddress.byteCountMax

    package enum Kind: UInt8, Sendable {
        case unacknowledged = 0
        case router = 1
    }

    package let source: Int
    package let kind: Kind
    /// Number of the connection it came by; 0 is unknown.
    package let peer: UInt16
    /// Microseconds since 1970 UTC.
    package let receivedAt: Int64
    package let routingID: UnsafeRawBufferPointer
    /// The frames that stood in front of the payload; they go back in front of the answer.
    package let envelope: UnsafeRawBufferPointer
    package let payload: UnsafeRawBufferPointer

    /// Whether a producer waits for an answer.
    package var isAnswered: Bool { kind != .unacknowledged }

    /// Reads a record as ``write(to:source:kind:receivedAt:address:payload:)`` wrote it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.headerByteCount, "a record without its header")
        source = Int(bytes.load(as: UInt16.self))
        kind = Kind(rawValue: bytes[2]) ?? .unacknowledged
        let envelopeStart = Self.headerByteCount + Int(bytes[3])
        let payloadStart = envelopeStart + Int(bytes.load(fromByteOffset: 4, as: UInt16.self))
        peer = bytes.load(fromByteOffset: 6, as: UInt16.self)
        receivedAt = bytes.load(fromByteOffset: 8, as: Int64.self)
        routingID = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<envelopeStart])
        envelope = UnsafeRawBufferPointer(rebasing: bytes[envelopeStart..<payloadStart])
        payload = UnsafeRawBufferPointer(rebasing: bytes[payloadStart...])
    }

    /// Bytes of a record.
    static func byteCount(address: borrowing PeerAddress, payload: Int) -> Int {
        headerByteCount + address.byteCount + payload
    }

    static func write(
        to room: UnsafeMutableRawPointer,
        source: Int,
        kind: Kind,
        receivedAt: Int64,
        address: borrowing PeerAddress,
        payload: UnsafeRawBufferPointer
    ) {
        room.storeBytes(of: UInt16(truncatingIfNeeded: source), as: UInt16.self)
        room.storeBytes(of: kind.rawValue, toByteOffset: 2, as: UInt8.self)
        room.storeBytes(
            of: UInt8(truncatingIfNeeded: address.routingIDCount),
            toByteOffset: 3,
            as: UInt8.self
        )
        room.storeBytes(
            of: UInt16(truncatingIfNeeded: address.envelopeCount),
            toByteOffset: 4,
            as: UInt16.self
        )
        room.storeBytes(of: address.peer, toByteOffset: 6, as: UInt16.self)
        room.storeBytes(of: receivedAt, toByteOffset: 8, as: Int64.self)
        if address.byteCount > 0 { address.write(to: room + headerByteCount) }
        if let start = payload.baseAddress {
            (room + headerByteCount + address.byteCount).copyMemory(
                from: start,
                byteCount: payload.count
            )
        }
    }
}
