/// A public key of CURVE: a point of Curve25519, 32 bytes.
///
/// Compared by its bytes. It is no secret, and its Z85 text may be shown.
package struct CurveKey: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 32
    /// The length of ``z85``.
    package static let textCount = 40

    /// The bytes in memory order, eight in each.
    private let words: InlineWords

    private struct InlineWords: Hashable, Sendable {
        var a: UInt64 = 0
        var b: UInt64 = 0
        var c: UInt64 = 0
        var d: UInt64 = 0
    }

    /// A key of 32 bytes; nil if their number is another one.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        words = bytes.loadUnaligned(as: InlineWords.self)
    }

    /// A key that `fill` writes.
    init(filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
        var words = InlineWords()
        withUnsafeMutableBytes(of: &words, fill)
        self.words = words
    }

    /// A key from its text of 40 characters (ZeroMQ RFC 32); nil if it is none.
    package init?(z85 text: String) {
        var words = InlineWords()
        let isKey = withUnsafeMutableBytes(of: &words) { room in
            Array(text.utf8).withUnsafeBytes { Z85.decode($0, into: room) }
        }
        guard isKey else { return nil }
        self.words = words
    }

    /// The key as text of 40 characters (ZeroMQ RFC 32).
    package var z85: String { withUnsafeBytes { Z85.text($0) } }

    package var description: String { z85 }

    /// Lends the 32 bytes.
    package func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try Swift.withUnsafeBytes(of: words, body)
    }

    /// Whether the key is below 2^255, as every generated key is.
    ///
    /// Curve25519 ignores the highest bit, so that two texts would be the same key.
    var isCanonical: Bool { withUnsafeBytes { $0[Self.byteCount - 1] < 0x80 } }
}
