import COpenSSL

/// A public key on the curve P-256, for signatures by ECDSA with SHA-256 (FIPS 186-5).
///
/// Any thread may use it: the key never changes after its creation.
package final class P256PublicKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// A key as `SubjectPublicKeyInfo` in DER; nil if it is another kind of key, or none.
    package init?(der: [UInt8]) {
        let key = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var next = bytes.baseAddress
            guard let key = d2i_PUBKEY(nil, &next, bytes.count) else { return nil }
            guard next == bytes.baseAddress.map({ $0 + bytes.count }), Self.isP256(key) else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
        ERR_clear_error()
        guard let key else { return nil }
        self.key = key
    }

    /// A key in PEM, or only the base64 text of one, as providers show it on their pages.
    package convenience init?(text: String) {
        let base64 = text.replacing("-----BEGIN PUBLIC KEY-----", with: "")
            .replacing("-----END PUBLIC KEY-----", with: "")
            .filter { !$0.isWhitespace }
        guard let der = Base64.decode(Array(base64.utf8)) else { return nil }
        self.init(der: der)
    }

    deinit {
        EVP_PKEY_free(key)
    }

    private static func isP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 32)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return false }
        return name.prefix(length).elementsEqual("prime256v1".utf8.map(CChar.init))
    }

    /// Whether `signature`, in DER, is this key's signature of the pieces, one after the other.
    package func isValid(_ signature: [UInt8], of pieces: [UnsafeRawBufferPointer]) -> Bool {
        guard !signature.isEmpty, let context = EVP_MD_CTX_new() else { return false }
        // A wrong signature leaves errors in a queue of the thread.
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        for piece in pieces where !piece.isEmpty {
            guard EVP_DigestVerifyUpdate(context, piece.baseAddress, piece.count) == 1 else {
                return false
            }
        }
        return EVP_DigestVerifyFinal(context, signature, signature.count) == 1
    }
}
