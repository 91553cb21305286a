/// Where an answer goes: the peer's routing id and the envelope of its request, copied from their
/// frames.
///
/// The envelope is every frame ahead of the payload, unchanged: a DEALER's request id, a REQ's
/// empty delimiter, and frames that a device on the way added. Each is stored as one byte with its
/// length, then its bytes. A record's return address is one byte with the routing id's length, the
/// routing id, and the envelope.
package struct PeerAddress: ~Copyable {
    /// ZeroMQ's routing ids have 1 to 255 bytes; a frame of an envelope has at most as many.
    package static let frameBytesMax = 255
    package static let framesMax = 8
    /// Bytes of all frames of an envelope together.
    package static let envelopeBytesMax = 1 << 10
    package static let byteCountMax = 1 + frameBytesMax + envelopeBytesMax + framesMax

    private let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCountMax, alignment: 8)
    /// Bytes of the return address; 0 where no answer is sent.
    package private(set) var byteCount = 0
    private var routingIDCount = 0
    package private(set) var frameCount = 0
    /// Number of the connection; 0 is unknown.
    package var peer: UInt16 = 0
    /// Whether the routing id is the same as the previous message's.
    package private(set) var isRepeated = false

    package init() {}

    deinit {
        memory.deallocate()
    }

    /// The return address as a record stores it.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory, count: byteCount)
    }

    package var routingID: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + 1, count: routingIDCount)
    }

    /// Starts a new address with a routing id; returns false when the id is too long.
    package mutating func begin(_ id: UnsafeRawBufferPointer) -> Bool {
        isRepeated = id.elementsEqual(routingID)
        routingIDCount = id.count <= Self.frameBytesMax ? id.count : 0
        byteCount = 1 + routingIDCount
        frameCount = 0
        memory.storeBytes(of: UInt8(truncatingIfNeeded: routingIDCount), as: UInt8.self)
        guard id.count <= Self.frameBytesMax else { return false }
        if let start = id.baseAddress { (memory + 1).copyMemory(from: start, byteCount: id.count) }
        return true
    }

    /// Whether the envelope has room for a frame of `count` bytes, at most ``frameBytesMax``.
    package func hasRoom(for count: Int) -> Bool {
        let envelopeCount = byteCount - 1 - routingIDCount
        return frameCount < Self.framesMax
            && envelopeCount - frameCount + count <= Self.envelopeBytesMax
    }

    /// Sets the address to one that was read from ``bytes``.
    package mutating func restore(_ address: [UInt8]) {
        precondition(!address.isEmpty && address.count <= Self.byteCountMax, "not an address")
        address.withUnsafeBytes { bytes in
            memory.copyMemory(
                from: bytes.baseAddress ?? UnsafeRawPointer(memory),
                byteCount: bytes.count
            )
            routingIDCount = Int(bytes[0])
            byteCount = bytes.count
            frameCount = 0
            var frames = EnvelopeFrames(AddressParts(bytes).envelope)
            while frames.next() != nil { frameCount += 1 }
        }
        isRepeated = false
    }

    /// Begins another address with the same name.
    package mutating func restart() {
        byteCount = 1 + routingIDCount
        frameCount = 0
    }

    /// The result of adding a frame to the envelope.
    package enum Addition {
        case added
        /// The frame is too long: an empty one replaces it.
        case shortened
        /// The envelope has no room for it, and is unchanged.
        case refused
    }

    /// Adds a frame to the envelope.
    package mutating func add(_ frame: UnsafeRawBufferPointer) -> Addition {
        let isShortEnough = frame.count <= Self.frameBytesMax
        let count = isShortEnough ? frame.count : 0
        guard hasRoom(for: count) else { return .refused }
        let end = memory + byteCount
        end.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
        if count > 0, let start = frame.baseAddress {
            (end + 1).copyMemory(from: start, byteCount: count)
        }
        byteCount += 1 + count
        frameCount += 1
        return isShortEnough ? .added : .shortened
    }
}

/// The parts of a return address, as ``PeerAddress`` wrote it.
package struct AddressParts {
    package let routingID: UnsafeRawBufferPointer
    /// The frames that preceded the payload; they precede the answer, too.
    package let envelope: UnsafeRawBufferPointer

    package init(_ address: UnsafeRawBufferPointer) {
        let start = min(1 + Int(address.first ?? 0), address.count)
        routingID = UnsafeRawBufferPointer(rebasing: address[min(1, start)..<start])
        envelope = UnsafeRawBufferPointer(rebasing: address[start...])
    }
}

/// Iterates over the frames of an envelope.
package struct EnvelopeFrames {
    private var rest: UnsafeRawBufferPointer

    package init(_ envelope: UnsafeRawBufferPointer) {
        rest = envelope
    }

    package mutating func next() -> UnsafeRawBufferPointer? {
        guard let count = rest.first.map(Int.init), count < rest.count else { return nil }
        let frame = UnsafeRawBufferPointer(rebasing: rest[1..<(1 + count)])
        rest = UnsafeRawBufferPointer(rebasing: rest[(1 + count)...])
        return frame
    }
}
