/// The eight bytes in front of every record: `length` in the low half, `kind` in the high half.
///
/// One 64-bit word, so that an end writes and reads it with one instruction.
@usableFromInline
package struct RecordHeader: Equatable, Sendable {
    /// How many bytes a header takes, and what every record is aligned to.
    @inlinable package static var byteCount: Int { 8 }
    /// What `kind` is in a record with a payload.
    ///
    /// Fresh memory is zero, hence no kind is 0.
    @inlinable package static var dataKind: UInt32 { 1 }
    /// What `kind` is where a record did not fit before the end of the ring.
    @inlinable package static var paddingKind: UInt32 { 2 }

    /// The header as it stands in memory.
    @usableFromInline package let word: UInt64

    /// Reads a header back from memory.
    @inlinable
    package init(word: UInt64) {
        self.word = word
    }

    /// The header of a record with `length` bytes of payload; callers keep it below 2³².
    @inlinable
    package init(length: Int, kind: UInt32) {
        word = UInt64(truncatingIfNeeded: length) | UInt64(kind) &<< 32
    }

    /// Bytes of payload, without the rounding.
    @inlinable package var length: Int { Int(UInt32(truncatingIfNeeded: word)) }

    /// `dataKind` or `paddingKind`.
    @inlinable package var kind: UInt32 { UInt32(truncatingIfNeeded: word &>> 32) }

    /// Bytes the whole record takes in the ring: header and payload, rounded up to 8.
    @inlinable package var recordByteCount: Int { Self.recordByteCount(payload: length) }

    /// Bytes a record with `payload` bytes takes in the ring.
    @inlinable
    package static func recordByteCount(payload: Int) -> Int {
        (payload &+ 15) & ~7
    }
}
