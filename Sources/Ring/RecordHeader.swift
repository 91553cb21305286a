/// The eight bytes in front of every record: `length` in the low half, `kind` in the high half.
///
/// One 64-bit word, so that an end writes and reads it with one instruction.
@usableFromInline
package struct RecordHeader: Equatable, Sendable {
    /// Bytes of a header, and the alignment of every record.
    @inlinable package static var byteCount: Int { 8 }
    /// The `kind` of a record with a payload.
    ///
    /// Fresh memory is zero, so no kind is 0.
    @inlinable package static var dataKind: UInt32 { 1 }
    /// The `kind` of a record that fills the rest of the ring where the next one did not fit.
    @inlinable package static var paddingKind: UInt32 { 2 }

    /// The header as stored in memory.
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

    /// Bytes of payload, not rounded.
    @inlinable package var length: Int { Int(UInt32(truncatingIfNeeded: word)) }

    /// `dataKind` or `paddingKind`.
    @inlinable package var kind: UInt32 { UInt32(truncatingIfNeeded: word &>> 32) }

    /// Bytes of the whole record in the ring: header and payload, rounded up to 8.
    @inlinable package var recordByteCount: Int { Self.recordByteCount(payload: length) }

    /// Bytes that a record with `payload` bytes occupies in the ring.
    @inlinable
    package static func recordByteCount(payload: Int) -> Int {
        (payload &+ 15) & ~7
    }
}
