import Digest

/// `X-Twilio-Signature`: a code of the public URL and the sorted fields of the form.
///
/// A body of another kind is covered by its hash in the query, `bodySHA256`; without one it is
/// refused. `X-Twilio-Webhooks-Signature-Settings` can ask for SHA-256 in place of SHA-1.
struct TwilioSignature: SignatureScheme {
    private let legacy: [HMACKey]
    private let modern: [HMACKey]
    /// The URL with and without its port: the sender uses either.
    private let urls: [[UInt8]]

    /// - Parameters:
    ///   - secrets: any of them is good.
    ///   - publicURL: the URL that the sender was told, without its query.
    /// - Throws: if there is no URL, or no secret.
    init(secrets: [String], publicURL: String?) throws(WebhookSettingsError) {
        guard let publicURL, let urls = Self.urls(publicURL) else {
            throw WebhookSettingsError(
                "'twilio' signs the URL that it calls: set 'url' to it, as 'https://HOST/PATH'"
            )
        }
        self.urls = urls
        legacy = try SecretList.keys(secrets, hash: .sha1)
        modern = try SecretList.keys(secrets, hash: .sha256)
    }

    /// Returns the URL with and without its port; nil if it is no URL, or has a query.
    static func urls(_ text: String) -> [[UInt8]]? {
        let scheme = ["https://", "http://"].first { text.hasPrefix($0) }
        guard let scheme, !text.contains("?"), !text.contains("#") else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count)
        let hostStart = authority.lastIndex(of: "@").map { authority.index(after: $0) }
        let host = authority[(hostStart ?? authority.startIndex)...]
        let user = authority[..<host.startIndex]
        let isLiteral = host.hasPrefix("[")
        let colon = host.lastIndex(of: ":").flatMap { colon in
            isLiteral && host[..<colon].last != "]" ? nil : colon
        }
        let name = host[..<(colon ?? host.endIndex)]
        let port = colon.map { String(host[host.index(after: $0)...]) }
        guard !name.isEmpty, port.map({ UInt16($0) != nil }) ?? true else { return nil }
        let usual = scheme == "https://" ? "443" : "80"
        return [":\(port ?? usual)", ""].map { Array("\(scheme)\(user)\(name)\($0)\(path)".utf8) }
    }

    func verify(
        _ request: WebhookRequest,
        now: Int64,
        replays: inout ReplayMemory
    ) throws(SignatureFault) -> ReplayMark? {
        let text = try request.headers.needed("x-twilio-signature")
        guard let signature = Base64.decode(text) else { throw .malformed }
        let keys = try keys(request.headers)
        let query = request.query.isEmpty ? [] : [UInt8(ascii: "?")] + request.query
        let fields = try coveredFields(of: request)
        let isValid = urls.contains { url in
            (url + query + fields).withUnsafeBytes { keys.accept([signature], of: [$0]) }
        }
        guard isValid else { throw .mismatch }
        return nil
    }

    /// Returns the keys of the algorithm that the request names.
    private func keys(_ headers: HeaderLines) throws(SignatureFault) -> [HMACKey] {
        let name = "x-twilio-webhooks-signature-settings"
        guard headers.has(name) else { return legacy }
        guard let settings = headers.only(name) else { throw .malformed }
        let algorithms = settings.split(separator: UInt8(ascii: ",")).compactMap {
            let pair = $0.split(separator: UInt8(ascii: "="), maxSplits: 1).map(ASCII.trimmed)
            return pair.count == 2 && pair[0].elementsEqual("algorithm".utf8) ? pair[1] : nil
        }
        guard let algorithm = algorithms.first, algorithms.count == 1 else {
            if algorithms.isEmpty { return legacy }
            throw .malformed
        }
        switch String(decoding: algorithm, as: UTF8.self).uppercased() {
        case "HMAC_SHA1": return legacy
        case "HMAC_SHA256": return modern
        default: throw .malformed
        }
    }

    /// Returns the names and values of the form, sorted; nothing if the query has the body's hash.
    private func coveredFields(of request: WebhookRequest) throws(SignatureFault) -> [UInt8] {
        if request.body.isEmpty { return [] }
        if MediaType(request.headers)?.isForm == true {
            guard let form = try? FormFields(request.body) else { throw .malformed }
            return Self.signedText(of: form)
        }
        guard let query = try? FormFields(request.query),
            let text = query.only("bodySHA256"),
            let expected = Hex.bytes(of: text)
        else { throw .malformed }
        let digest = SHA256Digest()
        digest.update(request.body)
        guard let hash = Hex.bytes(of: Array(digest.finish().utf8)),
            ConstantTime.areEqual(hash, expected)
        else { throw .mismatch }
        return []
    }

    /// Returns each name and value once, in the order of their bytes.
    private static func signedText(of form: FormFields) -> [UInt8] {
        let fields = (0..<form.count).map { (name: form.name($0), value: form.value($0)) }
        let sorted = fields.sorted {
            $0.name.elementsEqual($1.name)
                ? $0.value.lexicographicallyPrecedes($1.value)
                : $0.name.lexicographicallyPrecedes($1.name)
        }
        var text: [UInt8] = []
        for (index, field) in sorted.enumerated() {
            if index > 0, sorted[index - 1] == field { continue }
            text += field.name
            text += field.value
        }
        return text
    }
}
