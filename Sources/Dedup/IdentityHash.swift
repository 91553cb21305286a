/// SipHash-1-3 (Aumasson, Bernstein) of a scope and an id, with a random key per process: nobody
/// can choose ids that collide.
struct IdentityHash {
    private let key0: UInt64
    private let key1: UInt64

    init(key0: UInt64, key1: UInt64) {
        (self.key0, self.key1) = (key0, key1)
    }

    /// A hash with a random key.
    static var random: IdentityHash {
        IdentityHash(key0: .random(in: .min ... .max), key1: .random(in: .min ... .max))
    }

    /// Hashes an id of `scope` (0 to 4,095); the same id of two scopes has two hashes.
    func callAsFunction(_ identity: PackedIdentity, scope: Int) -> UInt64 {
        var state = SipState(key0, key1)
        if identity.form == .uuid {
            state.take(UInt64(UInt32(truncatingIfNeeded: scope)) | 1 << 63)
            state.take(identity.first)
            state.take(identity.second)
        } else {
            let text = identity.text
            state.take(UInt64(UInt32(truncatingIfNeeded: scope)) | UInt64(text.count) << 32)
            var at = 0
            while at + 8 <= text.count {
                state.take(text.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at += 8
            }
            state.take(Self.rest(text, from: at))
        }
        return state.finish()
    }

    /// Returns the rest of a text from `start`, at most seven bytes, as one word; of a text longer
    /// than seven bytes its last eight bytes, which may overlap the words before.
    ///
    /// The hash includes the text's length, so no two texts of equal length have the same words.
    private static func rest(_ text: UnsafeRawBufferPointer, from start: Int) -> UInt64 {
        if start > 0 {
            return text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self)
        }
        return text.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

private struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ key0: UInt64, _ key1: UInt64) {
        v0 = key0 ^ 0x736f_6d65_7073_6575
        v1 = key1 ^ 0x646f_7261_6e64_6f6d
        v2 = key0 ^ 0x6c79_6765_6e65_7261
        v3 = key1 ^ 0x7465_6462_7974_6573
    }

    mutating func take(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    mutating func finish() -> UInt64 {
        v2 ^= 0xff
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = Self.turned(v1, 13) ^ v0
        v0 = Self.turned(v0, 32)
        v2 = v2 &+ v3
        v3 = Self.turned(v3, 16) ^ v2
        v0 = v0 &+ v3
        v3 = Self.turned(v3, 21) ^ v0
        v2 = v2 &+ v1
        v1 = Self.turned(v1, 17) ^ v2
        v2 = Self.turned(v2, 32)
    }

    private static func turned(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word &<< bits | word &>> (64 &- bits)
    }
}
