import COpenSSL

/// The hash functions that signatures use.
package enum HashFunction: String, Sendable, CaseIterable {
    case sha1 = "SHA1"
    case sha256 = "SHA256"
    case sha512 = "SHA512"

    /// Bytes of a digest.
    package var byteCount: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// A key for HMAC (RFC 2104).
///
/// Any thread may use it: the keyed context never changes after its creation, it is only copied.
package final class HMACKey: @unchecked Sendable {
    fileprivate let keyed: OpaquePointer
    package let hash: HashFunction

    /// Prepares a key of at least one byte.
    package init(_ key: [UInt8], hash: HashFunction) {
        precondition(!key.isEmpty, "HMAC with an empty key authenticates nobody")
        self.hash = hash
        var name = Array(hash.rawValue.utf8CString)
        let context = name.withUnsafeMutableBufferPointer { name -> OpaquePointer? in
            guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
            defer { EVP_MAC_free(algorithm) }
            guard let context = EVP_MAC_CTX_new(algorithm) else { return nil }
            let parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            guard EVP_MAC_init(context, key, key.count, parameters) == 1 else {
                EVP_MAC_CTX_free(context)
                return nil
            }
            return context
        }
        // It fails only if there is no memory, or if libcrypto's configuration lacks its functions.
        guard let context else { preconditionFailure("libcrypto has no HMAC with \(hash)") }
        keyed = context
    }

    deinit {
        EVP_MAC_CTX_free(keyed)
    }

    /// Returns the code of no bytes yet.
    package func start() -> HMACCode { HMACCode(self) }

    /// Returns the code of `bytes`.
    package func code(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let code = start()
        code.update(bytes)
        return code.finish()
    }
}

/// HMAC of bytes that are added in pieces; one thread at a time.
package struct HMACCode: ~Copyable {
    private let context: OpaquePointer
    private let byteCount: Int

    fileprivate init(_ key: HMACKey) {
        guard let context = EVP_MAC_CTX_dup(key.keyed) else {
            preconditionFailure("no memory for a code")
        }
        self.context = context
        byteCount = key.hash.byteCount
    }

    deinit {
        EVP_MAC_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        _ = EVP_MAC_update(
            context,
            bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
            bytes.count
        )
    }

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Returns the code; nothing can be added afterwards.
    package consuming func finish() -> [UInt8] {
        var code = [UInt8](repeating: 0, count: byteCount)
        var written = 0
        guard EVP_MAC_final(context, &code, &written, code.count) == 1, written == byteCount else {
            preconditionFailure("libcrypto did not finish a code")
        }
        return code
    }
}
