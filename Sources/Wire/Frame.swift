/// The header of a ZMTP frame: one byte of flags, and the length of the body in one byte or eight.
///
/// ZMTP 3.0 (ZeroMQ RFC 23) and 3.1 (RFC 37); ZMTP 2.0 (RFC 15) has the same form without commands.
@frozen
@usableFromInline
package struct FrameHeader: Sendable, Equatable {
    /// Another frame of the same message follows.
    @usableFromInline static let more: UInt8 = 1
    /// The length has eight bytes, in network byte order.
    @usableFromInline static let long: UInt8 = 2
    /// The body is a command, not a part of a message.
    @usableFromInline static let command: UInt8 = 4

    /// The longest header, in bytes.
    @usableFromInline package static let byteCountMax = 9

    @usableFromInline let flags: UInt8
    /// Bytes of the body; from 0 on.
    @usableFromInline package let bodyCount: Int

    /// A frame to be written.
    package init(bodyCount: Int, hasMore: Bool = false, isCommand: Bool = false) {
        self.bodyCount = bodyCount
        flags =
            (hasMore ? Self.more : 0) | (isCommand ? Self.command : 0)
            | (bodyCount > 255 ? Self.long : 0)
    }

    @inlinable
    init(flags: UInt8, bodyCount: Int) {
        self.flags = flags
        self.bodyCount = bodyCount
    }

    @inlinable package var hasMore: Bool { flags & Self.more != 0 }
    @inlinable package var isCommand: Bool { flags & Self.command != 0 }
    /// Bytes of the header itself: 2 or 9.
    @inlinable package var byteCount: Int { flags & Self.long != 0 ? 9 : 2 }
    /// Bytes of the frame on the wire.
    @inlinable package var frameByteCount: Int { byteCount &+ bodyCount }

    /// What ``read(_:)`` found.
    @frozen
    @usableFromInline
    package enum Reading: Sendable, Equatable {
        case header(FrameHeader)
        /// The bytes end within the header.
        case incomplete
        /// Reserved flags are set, or the length has 64 bits.
        case invalid
    }

    /// Reads the header at the start of `bytes`.
    @inlinable
    package static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        guard bytes.count >= 2, let start = bytes.baseAddress else { return .incomplete }
        let flags = start.load(as: UInt8.self)
        guard flags & ~(more | long | command) == 0 else { return .invalid }
        if flags & long == 0 {
            let count = start.load(fromByteOffset: 1, as: UInt8.self)
            return .header(FrameHeader(flags: flags, bodyCount: Int(count)))
        }
        guard bytes.count >= byteCountMax else { return .incomplete }
        let count = UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        guard count <= UInt64(Int.max) / 2 else { return .invalid }
        return .header(FrameHeader(flags: flags, bodyCount: Int(truncatingIfNeeded: count)))
    }

    /// How many bytes an incomplete header at the start of `bytes` has at least.
    static func needed(of bytes: UnsafeRawBufferPointer) -> Int {
        bytes.count < 2 ? 2 : byteCountMax
    }

    /// Writes ``byteCount`` bytes.
    package func write(to room: UnsafeMutableRawPointer) {
        room.storeBytes(of: flags, as: UInt8.self)
        if flags & Self.long == 0 {
            room.storeBytes(
                of: UInt8(truncatingIfNeeded: bodyCount),
                toByteOffset: 1,
                as: UInt8.self
            )
        } else {
            let count = UInt64(truncatingIfNeeded: bodyCount).bigEndian
            room.storeBytes(of: count, toByteOffset: 1, as: UInt64.self)
        }
    }
}
