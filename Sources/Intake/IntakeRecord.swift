/// What a receiver puts into a ring for one message, and how a writer reads it.
///
///     offset  bytes
///     0       2     source's index
///     2       1     kind: 0 unacknowledged, 1 router, 2 router without a frame for a request id
///     3       1     bytes of the request id; 0 is none
///     4       4     bytes of the peer's identity
///     8       8     received at, microseconds since 1970 UTC
///     16            identity, request id, payload, without gaps
///
/// In the machine's byte order: it never leaves the process.
package struct IntakeRecord {
    package static let headerByteCount = 16
    /// ZeroMQ identities and request ids are 1 to 255 bytes.
    package static let addressBytesMax = 2 * 255
    /// What a record can need beyond the payload.
    static let overheadBytesMax = headerByteCount + addressBytesMax

    package enum Kind: UInt8, Sendable {
        case unacknowledged = 0
        case router = 1
        case routerBare = 2
    }

    package let source: Int
    package let kind: Kind
    /// Microseconds since 1970 UTC.
    package let receivedAt: Int64
    package let identity: UnsafeRawBufferPointer
    package let requestID: UnsafeRawBufferPointer
    package let payload: UnsafeRawBufferPointer

    /// Whether a producer waits for an answer.
    package var isAnswered: Bool { kind != .unacknowledged }
    /// Whether the answer has a frame for the request id.
    package var hasRequestFrame: Bool { kind == .router }

    /// Reads a record as ``write(to:source:kind:receivedAt:address:payload:)`` wrote it.
    package init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.headerByteCount, "a record without its header")
        source = Int(bytes.load(as: UInt16.self))
        kind = Kind(rawValue: bytes[2]) ?? .unacknowledged
        let requestCount = Int(bytes[3])
        let identityCount = Int(bytes.load(fromByteOffset: 4, as: UInt32.self))
        receivedAt = bytes.load(fromByteOffset: 8, as: Int64.self)
        let requestStart = Self.headerByteCount + identityCount
        let payloadStart = requestStart + requestCount
        identity = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<requestStart])
        requestID = UnsafeRawBufferPointer(rebasing: bytes[requestStart..<payloadStart])
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
            of: UInt8(truncatingIfNeeded: address.requestCount),
            toByteOffset: 3,
            as: UInt8.self
        )
        room.storeBytes(
            of: UInt32(truncatingIfNeeded: address.identityCount),
            toByteOffset: 4,
            as: UInt32.self
        )
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

/// To whom an answer goes: the peer's identity and the request id, copied out of their frames.
struct PeerAddress: ~Copyable {
    private let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: IntakeRecord.addressBytesMax,
        alignment: 8
    )
    private(set) var identityCount = 0
    private(set) var requestCount = 0
    /// Whether a frame stood between identity and payload.
    private(set) var hasRequestFrame = false

    deinit {
        bytes.deallocate()
    }

    var byteCount: Int { identityCount + requestCount }

    var identity: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes, count: identityCount)
    }

    var requestID: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + identityCount, count: requestCount)
    }

    /// Begins anew with an identity; libzmq's are at most 255 bytes.
    mutating func setIdentity(_ identity: UnsafeRawBufferPointer) {
        identityCount = min(identity.count, 255)
        requestCount = 0
        hasRequestFrame = false
        if let start = identity.baseAddress {
            bytes.copyMemory(from: start, byteCount: identityCount)
        }
    }

    /// Takes the request id; false when it is longer than 255 bytes.
    mutating func setRequestID(_ id: UnsafeRawBufferPointer) -> Bool {
        hasRequestFrame = true
        guard id.count <= 255 else { return false }
        requestCount = id.count
        if let start = id.baseAddress {
            (bytes + identityCount).copyMemory(from: start, byteCount: requestCount)
        }
        return true
    }

    func write(to room: UnsafeMutableRawPointer) {
        room.copyMemory(from: bytes, byteCount: byteCount)
    }
}
