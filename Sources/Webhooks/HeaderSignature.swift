import Digest

/// A signature in a field of its own, of a text made by a template.
struct HeaderSignature: SignatureScheme {
    private enum Keys: Sendable {
        case shared([HMACKey])
        case published([P256PublicKey])
    }

    private let header: String
    private let prefix: [UInt8]
    private let encoding: SignatureSettings.Encoding
    private let template: SignedTemplate
    private let timestampHeader: String?
    private let idHeader: String?
    private let freshness: Freshness
    private let keys: Keys

    init(_ settings: SignatureSettings) throws(WebhookSettingsError) {
        template = try SignedTemplate(settings.signed)
        guard let header = settings.header, !header.isEmpty else {
            throw WebhookSettingsError(
                "'\(settings.algorithm.rawValue)' needs 'header', the field with the signature"
            )
        }
        let algorithm = settings.algorithm
        switch algorithm {
        case .hmacSHA1: keys = .shared(try SecretList.keys(settings.secrets, hash: .sha1))
        case .hmacSHA512: keys = .shared(try SecretList.keys(settings.secrets, hash: .sha512))
        case .ecdsaP256SHA256: keys = .published(try SecretList.publicKeys(settings.secrets))
        default: keys = .shared(try SecretList.keys(settings.secrets, hash: .sha256))
        }
        let (timestamp, id) = (settings.timestampHeader, settings.idHeader)
        try Self.require(timestamp, for: .timestamp, "timestamp", in: template)
        try Self.require(id, for: .id, "id", in: template)
        if settings.tolerance != nil, timestamp == nil {
            throw WebhookSettingsError(
                "'tolerance' needs a signed time: put {timestamp} into 'signed', or remove it"
            )
        }
        self.header = header.lowercased()
        prefix = Array(settings.prefix.utf8)
        encoding = settings.encoding
        timestampHeader = timestamp?.lowercased()
        idHeader = id?.lowercased()
        freshness = Freshness(tolerance: settings.tolerance)
    }

    /// A field that is named must be signed, and one that is signed must be named.
    private static func require(
        _ header: String?,
        for piece: SignedTemplate.Piece,
        _ name: String,
        in template: SignedTemplate
    ) throws(WebhookSettingsError) {
        if template.has(piece), header == nil {
            throw WebhookSettingsError("'signed' has {\(name)}: name its field in '\(name)'")
        }
        if header != nil, !template.has(piece) {
            throw WebhookSettingsError(
                "'\(name)' names a field that 'signed' does not cover: put {\(name)} into it"
            )
        }
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        let signature = try decode(try request.headers.needed(header))
        var timestamp: [UInt8] = []
        if let timestampHeader {
            timestamp = try request.headers.needed(timestampHeader)
            if freshness.tolerance != nil { try freshness.check(timestamp, now: now) }
        }
        var id: [UInt8] = []
        if let idHeader { id = try request.headers.needed(idHeader) }
        guard isValid(signature, of: request.body, timestamp: timestamp, id: id) else {
            throw .mismatch
        }
        return nil
    }

    private func decode(_ value: [UInt8]) throws(SignatureFault) -> [UInt8] {
        guard value.starts(with: prefix) else { throw .malformed }
        let text = Array(value.dropFirst(prefix.count))
        let signature = encoding == .hex ? Hex.bytes(of: text) : Base64.decode(text)
        guard let signature, !signature.isEmpty else { throw .malformed }
        return signature
    }

    private func isValid(
        _ signature: [UInt8],
        of body: UnsafeRawBufferPointer,
        timestamp: [UInt8],
        id: [UInt8]
    ) -> Bool {
        var texts: [[UInt8]] = []
        for piece in template.pieces {
            switch piece {
            case .literal(let text): texts.append(text)
            case .timestamp: texts.append(timestamp)
            case .id: texts.append(id)
            case .body: texts.append([])
            }
        }
        // Everything but the body is small, so only the body is not copied.
        let middle = template.pieces.firstIndex(of: .body) ?? 0
        let before = Array(texts[..<middle].joined())
        let after = Array(texts[middle...].joined())
        return before.withUnsafeBytes { before in
            after.withUnsafeBytes { after in
                switch keys {
                case .shared(let keys): keys.accept([signature], of: [before, body, after])
                case .published(let keys):
                    keys.contains { $0.isValid(signature, of: [before, body, after]) }
                }
            }
        }
    }
}
