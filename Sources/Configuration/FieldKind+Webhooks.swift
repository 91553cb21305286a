import Terminal
import Webhooks
import Yams

extension FieldKind where Value == [Settings.Source.Edge.Webhook] {
    private typealias Webhook = Settings.Source.Edge.Webhook

    private static let example =
        "[{ path: /hooks/stripe, preset: stripe, secrets: [\"${STRIPE_SECRET}\"] }]"

    /// A list of webhooks.
    static var webhooks: FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                guard case .sequence(let elements) = node else {
                    throw Complaint(
                        "expected a list such as \(example), found \(node.kindOfValue)"
                    )
                }
                return try webhooks(elements, substitution)
            },
            print: { "[" + $0.map(WebhookText.text).joined(separator: ", ") + "]" }
        )
    }

    private static func webhooks(
        _ elements: Node.Sequence,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> [Settings.Source.Edge.Webhook] {
        var webhooks: [Webhook] = []
        for element in elements {
            let line = element.mark?.line
            do throws(Complaint) {
                guard case .mapping(let mapping) = element else {
                    throw Complaint(
                        "expected a list such as \(example), found \(element.kindOfValue)"
                    )
                }
                let webhook = try WebhookReader.webhook(mapping, substitution)
                let path = webhook.settings.path
                guard !webhooks.contains(where: { $0.settings.path == path }) else {
                    throw Complaint("two webhooks have the path '\(path)'")
                }
                webhooks.append(webhook)
            } catch {
                throw Complaint(error.reasons.map { .init(line: $0.line ?? line, text: $0.text) })
            }
        }
        return webhooks
    }
}

/// Reads one webhook.
struct WebhookReader {
    private static let names = [
        "path", "preset", "secrets", "channel", "url", "tolerance", "signature", "id", "name",
        "time",
    ]
    private static let signatureNames = [
        "header", "algorithm", "encoding", "prefix", "signed", "timestamp", "id", "secrets",
        "tolerance",
    ]

    private let substitution: EnvironmentSubstitution
    private var webhook = Settings.Source.Edge.Webhook(
        WebhookSettings(path: "", signature: SignatureSettings(secrets: []))
    )
    private var hasSignature = false

    static func webhook(
        _ mapping: Node.Mapping,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> Settings.Source.Edge.Webhook {
        var reader = WebhookReader(substitution: substitution)
        for (name, value) in mapping { try reader.read(name.scalar?.string ?? "", value) }
        return try reader.finished()
    }

    private init(substitution: EnvironmentSubstitution) { self.substitution = substitution }

    private mutating func read(_ name: String, _ value: Node) throws(Complaint) {
        switch name {
        case "path":
            webhook.settings.path = try FieldKind<String>
                .text(expected: "a path such as /hooks/stripe", check: Self.checkPath)
                .read(value, substitution)
        case "preset":
            webhook.settings.preset = try FieldKind<WebhookPreset>.choice.read(value, substitution)
        case "channel":
            webhook.settings.channel = try FieldKind<String>.channel.read(value, substitution)
        case "url":
            webhook.settings.publicURL = try Self.text("a URL").read(value, substitution)
        case "secrets": try readSecrets(value)
        case "tolerance": try readTolerance(value)
        case "id", "name", "time":
            let place = try WebhookPlace(value, of: name, substitution)
            webhook.settings.ownFields.set(place, as: name)
        case "signature":
            hasSignature = true
            guard case .mapping(let mapping) = value else {
                throw Complaint(
                    "expected 'signature' as { header: X-Signature }, found \(value.kindOfValue)"
                )
            }
            for (name, value) in mapping { try readSignature(name.scalar?.string ?? "", value) }
        default: throw Self.unknown(name, "a webhook", among: Self.names)
        }
    }

    private mutating func readSignature(_ name: String, _ value: Node) throws(Complaint) {
        var signature: SignatureSettings {
            get { webhook.settings.signature }
            set { webhook.settings.signature = newValue }
        }
        switch name {
        case "header": signature.header = try header(value)
        case "timestamp": signature.timestampHeader = try header(value)
        case "id": signature.idHeader = try header(value)
        case "algorithm":
            signature.algorithm = try FieldKind<SignatureSettings.Algorithm>.choice
                .read(value, substitution)
        case "encoding":
            signature.encoding = try FieldKind<SignatureSettings.Encoding>.choice
                .read(value, substitution)
        case "prefix": signature.prefix = try Self.text("a text").read(value, substitution)
        case "signed": signature.signed = try Self.text("a text").read(value, substitution)
        case "secrets": try readSecrets(value)
        case "tolerance": try readTolerance(value)
        default: throw Self.unknown(name, "'signature'", among: Self.signatureNames)
        }
    }

    private mutating func readSecrets(_ value: Node) throws(Complaint) {
        guard webhook.written.isEmpty else { throw Complaint("'secrets' is there twice") }
        let secrets = try SecretText.read(value, substitution)
        webhook.settings.signature.secrets = secrets.texts
        webhook.written = secrets.written
    }

    private mutating func readTolerance(_ value: Node) throws(Complaint) {
        let day = Duration.seconds(86_400)
        let tolerance = try FieldKind<Duration>.duration(.seconds(1)...day, example: "5m")
            .read(value, substitution)
        webhook.settings.signature.tolerance = tolerance.components.seconds
    }

    private func finished() throws(Complaint) -> Settings.Source.Edge.Webhook {
        let settings = webhook.settings
        guard !settings.path.isEmpty else {
            throw Complaint("a webhook needs 'path', such as /hooks/stripe")
        }
        let name = "webhook '\(settings.path)'"
        guard settings.preset != nil || hasSignature else {
            let presets = WebhookPreset.allCases.map(\.rawValue).joined(separator: ", ")
            throw Complaint("\(name) needs 'preset', one of \(presets), or 'signature'")
        }
        if let preset = settings.preset {
            guard settings.signature.isPlain else {
                throw Complaint(
                    "\(name): preset \(preset.rawValue) says how its requests are signed; "
                        + "remove 'signature'"
                )
            }
            guard settings.publicURL == nil || preset == .twilio else {
                throw Complaint("\(name): only preset twilio has 'url'")
            }
        } else if settings.publicURL != nil {
            throw Complaint("\(name): only preset twilio has 'url'")
        }
        do throws(WebhookSettingsError) {
            _ = try settings.verifier()
        } catch {
            throw Complaint("\(name): \(error)")
        }
        return webhook
    }

    static func unknown(_ name: String, _ of: String, among names: [String]) -> Complaint {
        let hint = NearestName.of(name, among: names).map { ", did you mean '\($0)'?" } ?? ""
        return Complaint("unknown key '\(name)' of \(of)\(hint)")
    }

    private static func text(_ expected: String) -> FieldKind<String> {
        .text(expected: expected) { (text) throws(Complaint) in
            guard text.utf8.count <= 1_024 else {
                throw Complaint("a text of \(text.utf8.count) bytes is longer than 1024")
            }
        }
    }

    private func header(_ value: Node) throws(Complaint) -> String {
        try FieldKind<String>.text(expected: "a field such as X-Signature", check: Self.checkHeader)
            .read(value, substitution)
    }

    static func checkHeader(_ text: String) throws(Complaint) {
        let isToken = text.unicodeScalars.allSatisfy { Settings.isNameScalar($0) && $0 != "." }
        guard isToken, (1...128).contains(text.utf8.count) else {
            throw Complaint("'\(text)' is no header field such as X-Signature")
        }
    }

    /// Paths that the source answers itself.
    private static let taken = [
        "/health", "/ready", "/robots.txt", "/cloudevents", "/rsaMetrics", "/pixel.gif", "/r",
    ]
    private static let takenStarts = ["/v1/", "/projects/", "/beacon/", "/pixel/"]

    private static func checkPath(_ text: String) throws(Complaint) {
        let isSafe = text.unicodeScalars.allSatisfy { Settings.isNameScalar($0) || $0 == "/" }
        guard isSafe, text.hasPrefix("/"), !text.hasSuffix("/"), !text.contains("//"),
            text.utf8.count <= 128
        else {
            throw Complaint(
                "'\(text)' is no path such as /hooks/stripe: letters, digits, '.', '_', '-' and"
                    + " '/', with a slash in front and none at the end"
            )
        }
        guard !taken.contains(text), !takenStarts.contains(where: { text.hasPrefix($0) }) else {
            throw Complaint("the path '\(text)' is the source's own; use one such as /hooks/shop")
        }
    }
}

extension SignatureSettings {
    /// Whether it says nothing but secrets and tolerance.
    fileprivate var isPlain: Bool {
        var plain = SignatureSettings(secrets: secrets)
        plain.tolerance = tolerance
        return self == plain
    }
}

/// Prints webhooks, without secrets.
private enum WebhookText {
    static func text(_ webhook: Settings.Source.Edge.Webhook) -> String {
        let settings = webhook.settings
        let signature = settings.signature
        var parts = ["path: \(quoted(settings.path))"]
        if let preset = settings.preset { parts.append("preset: \(preset.rawValue)") }
        parts.append(
            "secrets: [\(webhook.written.map(SecretText.reference).joined(separator: ", "))]"
        )
        if let channel = settings.channel { parts.append("channel: \(quoted(channel))") }
        if let url = settings.publicURL { parts.append("url: \(quoted(url))") }
        if let tolerance = signature.tolerance { parts.append("tolerance: \(tolerance)s") }
        if settings.preset == nil { parts.append("signature: \(text(signature))") }
        parts += WebhookPlace.texts(of: settings.ownFields)
        return "{ \(parts.joined(separator: ", ")) }"
    }

    private static func text(_ signature: SignatureSettings) -> String {
        var parts = [
            "algorithm: \(signature.algorithm.rawValue)",
            "encoding: \(signature.encoding.rawValue)",
            "prefix: \(quoted(signature.prefix))", "signed: \(quoted(signature.signed))",
        ]
        let headers = [
            ("header", signature.header), ("timestamp", signature.timestampHeader),
            ("id", signature.idHeader),
        ]
        for (name, header) in headers {
            if let header { parts.append("\(name): \(quoted(header))") }
        }
        return "{ \(parts.joined(separator: ", ")) }"
    }
}
