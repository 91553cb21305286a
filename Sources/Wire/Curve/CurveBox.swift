import CSodium

/// The boxes of CURVE: Curve25519, XSalsa20 and Poly1305, by libsodium.
///
/// A key agreement is the expensive part, some 50 µs; a box costs about a nanosecond per byte. A box
/// of a cookie has the same form, with a random key in place of an agreed one.
enum CurveBox {
    /// Bytes that a box has in addition to its text: the authentication code in front.
    static let overhead = 16
    /// The length of the key of a box.
    static let keyCount = 32

    /// Returns the key that a public and a secret key agree upon; nil for a public key of low order,
    /// with which everybody agrees upon the same.
    static func agree(_ key: CurveKey, _ secret: borrowing SecretBytes) -> SecretBytes? {
        let agreed = SecretBytes(count: keyCount)
        let room = agreed.mutableBytes.octets
        let own = secret.bytes.octets
        let code = key.withUnsafeBytes { crypto_box_beforenm(room, $0.octets, own) }
        guard code == 0 else { return nil }
        return agreed
    }

    /// Seals `text` into the first `text.count + overhead` bytes of `box`.
    ///
    /// The text may be in `box` already, ``overhead`` bytes behind its start.
    static func seal(
        _ text: UnsafeRawBufferPointer,
        into box: UnsafeMutableRawBufferPointer,
        nonce: CurveNonce,
        key: borrowing SecretBytes
    ) {
        precondition(box.count >= text.count + overhead && key.bytes.count == keyCount)
        let secret = key.bytes.octets
        nonce.withUnsafeBytes {
            _ = crypto_box_easy_afternm(
                box.octets,
                text.octets,
                UInt64(text.count),
                $0.octets,
                secret
            )
        }
    }

    /// Opens `box` into the first `box.count - overhead` bytes of `text`.
    ///
    /// They may overlap in any way. Nothing is written unless the box is authentic.
    ///
    /// - Returns: false if it is not.
    static func open(
        _ box: UnsafeRawBufferPointer,
        into text: UnsafeMutableRawBufferPointer,
        nonce: CurveNonce,
        key: borrowing SecretBytes
    ) -> Bool {
        precondition(text.count >= box.count - overhead && key.bytes.count == keyCount)
        let secret = key.bytes.octets
        return nonce.withUnsafeBytes {
            crypto_box_open_easy_afternm(
                text.octets,
                box.octets,
                UInt64(box.count),
                $0.octets,
                secret
            )
        } == 0
    }
}

extension UnsafeRawBufferPointer {
    /// The memory as C declares it; of empty memory it may be any address.
    var octets: UnsafePointer<UInt8> {
        guard let baseAddress else { return UnsafePointer(UnsafeMutableRawBufferPointer.nowhere) }
        return baseAddress.assumingMemoryBound(to: UInt8.self)
    }

    /// The memory from `offset`, `count` bytes or all.
    func part(from offset: Int, count: Int? = nil) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset..<(count.map { offset + $0 } ?? self.count)])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// An address that nobody reads or writes.
    fileprivate static var nowhere: UnsafeMutablePointer<UInt8> {
        UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped
    }

    /// The memory as C declares it; of empty memory it may be any address.
    var octets: UnsafeMutablePointer<UInt8> {
        baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.nowhere
    }

    /// The memory from `offset`, `count` bytes or all.
    func part(from offset: Int, count: Int? = nil) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: self[offset..<(count.map { offset + $0 } ?? self.count)]
        )
    }
}
