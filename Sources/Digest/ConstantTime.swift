import COpenSSL

/// Comparison of secrets, in a time that does not depend on where they differ.
package enum ConstantTime {
    /// Whether two texts are equal; the time depends on their lengths alone.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return left.isEmpty || CRYPTO_memcmp(left, right, left.count) == 0
    }
}
