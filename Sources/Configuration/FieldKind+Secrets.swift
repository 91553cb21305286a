import Webhooks
import Yams

/// Reads and prints secrets.
enum SecretText {
    /// Reads a list of secrets; a complaint about them does not repeat them.
    static func read(
        _ value: Node,
        _ substitution: EnvironmentSubstitution
    ) throws(Complaint) -> Settings.Source.Edge.Secrets {
        guard case .sequence(let elements) = value else {
            throw Complaint("expected 'secrets' as a list such as [\"${STRIPE_SECRET}\"]")
        }
        var secrets = Settings.Source.Edge.Secrets()
        for element in elements {
            guard case .scalar(let scalar) = element, !element.isNothing else {
                throw Complaint("expected a text in 'secrets', found no text")
            }
            secrets.texts.append(try substitution.apply(to: scalar.string))
            secrets.written.append(scalar.string)
        }
        return secrets
    }

    /// A reference to a variable as it is; a secret as a reference that cannot be read again.
    static func reference(_ written: String) -> String {
        let name =
            written.hasPrefix("${") && written.hasSuffix("}")
            ? written.dropFirst(2).dropLast() : ""
        let isReference =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: false
                }
            }
        return isReference ? "\"\(written)\"" : "\"${SECRET_IS_NOT_PRINTED}\""
    }
}

extension EdgeText {
    /// Complains unless links can be signed with the secrets, and lead to the hosts.
    static func checkRedirect(secrets: [String], hosts: [String]) throws(Complaint) {
        do throws(WebhookSettingsError) {
            _ = try RedirectRule(secrets: secrets, hosts: hosts)
        } catch {
            throw Complaint("\(error)")
        }
    }
}

extension FieldKind where Value == Settings.Source.Edge.Secrets {
    /// The secrets that sign links.
    static var redirectSecrets: FieldKind {
        FieldKind(
            read: { (node, substitution) throws(Complaint) in
                let secrets = try SecretText.read(node, substitution)
                try EdgeText.checkRedirect(secrets: secrets.texts, hosts: [])
                return secrets
            },
            print: { "[\($0.written.map(SecretText.reference).joined(separator: ", "))]" }
        )
    }
}
