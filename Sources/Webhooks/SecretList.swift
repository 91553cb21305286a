import Digest

/// Checks and prepares the secrets of a webhook or of a redirect.
enum SecretList {
    static let countMax = 16
    /// A secret that is all a request has must not be guessed.
    static let pathSecretMin = 16

    static func texts(_ secrets: [String]) throws(WebhookSettingsError) -> [[UInt8]] {
        guard !secrets.isEmpty else {
            throw WebhookSettingsError("there is no secret: set 'secrets', or everybody could send")
        }
        guard secrets.count <= countMax else {
            throw WebhookSettingsError(
                "there are \(secrets.count) secrets, at most \(countMax): remove those that ended"
            )
        }
        guard !secrets.contains("") else {
            throw WebhookSettingsError("a secret is empty: is its environment variable set?")
        }
        return secrets.map { Array($0.utf8) }
    }

    static func keys(
        _ secrets: [String],
        hash: HashFunction
    ) throws(WebhookSettingsError) -> [HMACKey] {
        try texts(secrets).map { HMACKey($0, hash: hash) }
    }

    static func publicKeys(_ secrets: [String]) throws(WebhookSettingsError) -> [P256PublicKey] {
        _ = try texts(secrets)
        var keys: [P256PublicKey] = []
        for secret in secrets {
            guard let key = P256PublicKey(text: secret) else {
                throw WebhookSettingsError(
                    "a secret is no public key on the curve P-256: "
                        + "copy the sender's verification key, in base64 or PEM"
                )
            }
            keys.append(key)
        }
        return keys
    }

    /// Secrets in base64, with or without `whsec_` before it.
    static func standardKeys(_ secrets: [String]) throws(WebhookSettingsError) -> [HMACKey] {
        var keys: [HMACKey] = []
        for secret in try texts(secrets) {
            let prefix = Array("whsec_".utf8)
            let base64 =
                secret.starts(with: prefix) ? Array(secret.dropFirst(prefix.count)) : secret
            guard let bytes = Base64.decode(base64), !bytes.isEmpty else {
                throw WebhookSettingsError(
                    "a secret is not 'whsec_' and base64: copy it from the sender's page, whole"
                )
            }
            keys.append(HMACKey(bytes, hash: .sha256))
        }
        return keys
    }
}
