/// How a sender without a preset signs its requests.
package struct SignatureSettings: Sendable, Equatable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case hmacSHA256 = "hmac-sha256"
        case hmacSHA1 = "hmac-sha1"
        case hmacSHA512 = "hmac-sha512"
        /// The secrets are public keys, in PEM or as base64 of DER.
        case ecdsaP256SHA256 = "ecdsa-p256-sha256"
        /// No signature: the secrets are `USER:PASSWORD`.
        case basic
        /// No signature: the secrets are the last part of the path.
        case pathSecret = "path-secret"
    }

    package enum Encoding: String, Sendable, CaseIterable {
        case hex
        case base64
    }

    package var algorithm = Algorithm.hmacSHA256
    /// The field with the signature; `basic` and `path-secret` need none.
    package var header: String?
    package var encoding = Encoding.hex
    /// The text before the signature in its field, such as `sha256=`.
    package var prefix = ""
    /// The signed text: `{body}`, `{timestamp}`, `{id}` and anything between them.
    package var signed = "{body}"
    package var timestampHeader: String?
    package var idHeader: String?
    /// How far, in seconds, the signed time may be from the present; nil for no bound.
    package var tolerance: Int64?
    /// Any of them is good, so that a secret can be replaced while requests arrive.
    package var secrets: [String]

    package init(secrets: [String]) { self.secrets = secrets }
}
