package import Wire

/// The keys of a producer whose collector requires CURVE.
package struct CurveCredentials: Sendable {
    /// The collector's public key: no other server is accepted.
    package let serverKey: CurveKey
    /// The producer's own keys, by which the collector knows it.
    package let keys: CurveKeyPair

    package init(serverKey: CurveKey, keys: CurveKeyPair) {
        self.serverKey = serverKey
        self.keys = keys
    }
}
