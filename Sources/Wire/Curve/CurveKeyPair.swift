import CSodium

/// A secret key of CURVE and its public key.
///
/// Any thread may use it. The secret is overwritten when the last reference ends, and no
/// description or error contains it.
package final class CurveKeyPair: Sendable, CustomStringConvertible {
    package let publicKey: CurveKey
    let secretKey: SecretBytes

    /// Generates a pair from random bytes of the system.
    package init() {
        Sodium.require()
        let secret = SecretBytes(count: CurveKey.byteCount)
        publicKey = CurveKey { room in
            _ = crypto_box_keypair(room.octets, secret.mutableBytes.octets)
        }
        secretKey = secret
    }

    /// The pair of a secret key of 32 bytes; nil if their number is another one.
    package init?(secret: UnsafeRawBufferPointer) {
        guard secret.count == CurveKey.byteCount else { return nil }
        Sodium.require()
        publicKey = CurveKey { room in
            _ = crypto_scalarmult_base(room.octets, secret.octets)
        }
        secretKey = SecretBytes(copying: secret)
    }

    /// The pair of a secret key in Z85, 40 ASCII characters; nil if it is none.
    package convenience init?(secretZ85 text: UnsafeRawBufferPointer) {
        let secret = SecretBytes(count: CurveKey.byteCount)
        guard Z85.decode(text, into: secret.mutableBytes) else { return nil }
        self.init(secret: secret.bytes)
    }

    /// Lends the 32 bytes of the secret key.
    package func withSecret<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try body(secretKey.bytes)
    }

    /// The secret key in Z85, 40 ASCII characters.
    package var secretZ85: SecretBytes {
        let text = SecretBytes(count: CurveKey.textCount)
        Z85.encode(secretKey.bytes, into: text.mutableBytes)
        return text
    }

    package var description: String { "key pair of \(publicKey)" }
}
