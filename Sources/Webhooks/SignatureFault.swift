/// The reason why a request is not from whom it says; nothing of it is kept.
package enum SignatureFault: String, Error, Equatable, Sendable, CaseIterable {
    /// No signature, or another field that it needs is missing or there twice.
    case missing
    /// A field that cannot be read, or a body that the signature would not cover.
    case malformed
    /// The signature is of other bytes, or made with another secret.
    case mismatch
    /// The signed time is too far from the present.
    case stale
    /// The same signed token was used before.
    case replayed
}
