import Digest

/// Basic authentication: no signature, but a user and a password in each request.
struct BasicCredential: SignatureScheme {
    private let credentials: [[UInt8]]

    /// - Parameter secrets: `USER:PASSWORD`.
    /// - Throws: if one is not.
    init(secrets: [String]) throws(WebhookSettingsError) {
        credentials = try SecretList.texts(secrets)
        guard secrets.allSatisfy({ $0.contains(":") && !$0.hasSuffix(":") }) else {
            throw WebhookSettingsError("a secret of 'basic' is not USER:PASSWORD: write it so")
        }
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        let words = try request.headers.needed("authorization").split { ASCII.isBlank($0) }
        guard words.count == 2, ASCII.lowercased(words[0]).elementsEqual("basic".utf8),
            let given = Base64.decode(Array(words[1]))
        else { throw .malformed }
        guard credentials.contains(where: { ConstantTime.areEqual($0, given) }) else {
            throw .mismatch
        }
        return nil
    }
}

/// A secret at the end of the path, for senders that cannot sign.
struct PathSecret: SignatureScheme {
    private let secrets: [[UInt8]]

    init(secrets: [String]) throws(WebhookSettingsError) {
        self.secrets = try SecretList.texts(secrets)
        let isLong = self.secrets.allSatisfy { $0.count >= SecretList.pathSecretMin }
        guard isLong, self.secrets.allSatisfy({ $0.allSatisfy(Self.isPathByte) }) else {
            throw WebhookSettingsError(
                "a secret of 'path-secret' needs \(SecretList.pathSecretMin) or more letters, "
                    + "digits, '-' and '_': make one with 'openssl rand -hex 24'"
            )
        }
    }

    /// A byte that no client escapes in a path.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        guard !request.pathRest.isEmpty else { throw .missing }
        guard secrets.contains(where: { ConstantTime.areEqual($0, request.pathRest) }) else {
            throw .mismatch
        }
        return nil
    }
}
