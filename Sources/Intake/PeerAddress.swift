/// To whom an answer goes: the peer's routing id and the envelope of its request, copied out of their
/// frames.
///
/// The envelope is every frame in front of the payload, as it came: a DEALER's request id, REQ's
/// empty delimiter, what a device on the way has put in front. Each is kept as a byte with its
/// length and its bytes.
struct PeerAddress: ~Copyable {
    /// ZeroMQ's routing ids are 1 to 255 bytes, and so is a frame of an envelope at most.
    static let frameBytesMax = 255
    static let framesMax = 8
    /// Bytes of all frames of an envelope together.
    static let envelopeBytesMax = 1 << 10
    static let byteCountMax = frameBytesMax + envelopeBytesMax + framesMax

    private let bytes = UnsafeMutableRawPointer.allocate(byteCount: byteCountMax, alignment: 8)
    private(set) var routingIDCount = 0
    /// Bytes of the envelope, the frames' lengths included.
    private(set) var envelopeCount = 0
    private(set) var frameCount = 0
    /// Number of the connection; 0 is unknown.
    var peer: UInt16 = 0
    /// Whether the routing id is that of the message before.
    private(set) var isRepeated = false

    deinit {
        bytes.deallocate()
    }

    var byteCount: Int { routingIDCount + envelopeCount }

    var routingID: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes, count: routingIDCount)
    }

    var envelope: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + routingIDCount, count: envelopeCount)
    }

    /// Begins anew with a routing id; false when it is longer than one may be.
    mutating func begin(_ id: UnsafeRawBufferPointer) -> Bool {
        isRepeated = id.elementsEqual(routingID)
        routingIDCount = 0
        envelopeCount = 0
        frameCount = 0
        guard id.count <= Self.frameBytesMax else { return false }
        routingIDCount = id.count
        if let start = id.baseAddress { bytes.copyMemory(from: start, byteCount: id.count) }
        return true
    }

    /// What became of a frame in front of the payload.
    enum Addition {
        case added
        /// Longer than a frame may be: an empty one stands for it.
        case shortened
        /// The envelope has no room for it, and is as it was.
        case refused
    }

    /// Adds a frame to the envelope.
    mutating func add(_ frame: UnsafeRawBufferPointer) -> Addition {
        let isShortEnough = frame.count <= Self.frameBytesMax
        let count = isShortEnough ? frame.count : 0
        guard frameCount < Self.framesMax,
            envelopeCount - frameCount + count <= Self.envelopeBytesMax
        else { return .refused }
        let end = bytes + routingIDCount + envelopeCount
        end.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
        if count > 0, let start = frame.baseAddress {
            (end + 1).copyMemory(from: start, byteCount: count)
        }
        envelopeCount += 1 + count
        frameCount += 1
        return isShortEnough ? .added : .shortened
    }

    func write(to room: UnsafeMutableRawPointer) {
        room.copyMemory(from: bytes, byteCount: byteCount)
    }
}

/// Takes an envelope apart, frame by frame.
struct EnvelopeFrames {
    private var rest: UnsafeRawBufferPointer

    init(_ envelope: UnsafeRawBufferPointer) {
        rest = envelope
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard let count = rest.first.map(Int.init), count < rest.count else { return nil }
        let frame = UnsafeRawBufferPointer(rebasing: rest[1..<(1 + count)])
        rest = UnsafeRawBufferPointer(rebasing: rest[(1 + count)...])
        return frame
    }
}
