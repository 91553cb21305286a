import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that are added in pieces.
///
/// One thread at a time.
package final class SHA256Digest {
    private let context: OpaquePointer

    package init() {
        // Both fail only if there is no memory for a few hundred bytes.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("no memory for a digest") }
        self.context = context
    }

    private init(copyOf other: SHA256Digest) {
        guard let context = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(context, other.context) == 1
        else { preconditionFailure("no memory for a digest") }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Returns the digest of the bytes so far, 64 hexadecimal digits; more may be added.
    package func peek() -> String {
        SHA256Digest(copyOf: self).finish()
    }

    /// Returns 64 hexadecimal digits; once, and nothing may be added afterwards.
    package func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = EVP_DigestFinal_ex(context, &digest, nil)
        return Hex.text(digest)
    }
}
