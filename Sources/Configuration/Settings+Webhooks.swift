package import Webhooks

extension Settings.Source.Edge {
    /// A path to which a sender posts its events, and how it proves who it is.
    package struct Webhook: Sendable, Equatable {
        package var settings: WebhookSettings
        /// The secrets as in the file: perhaps the names of variables of the environment.
        var written: [String]

        package init(_ settings: WebhookSettings, written: [String] = []) {
            self.settings = settings
            self.written = written
        }

        package static func == (left: Webhook, right: Webhook) -> Bool {
            left.settings == right.settings
        }
    }

    /// Links that lead through the source to somewhere else; without any of both there are none.
    package struct Redirect: Sendable, Equatable {
        /// Any of them can sign a link.
        package var secrets = Secrets()
        /// Hosts to which a link needs no signature.
        package var hosts: [String] = []
    }

    /// Secrets that are not printed.
    package struct Secrets: Sendable, Equatable {
        package var texts: [String] = []
        /// As in the file: perhaps the names of variables of the environment.
        var written: [String] = []

        package static func == (left: Secrets, right: Secrets) -> Bool { left.texts == right.texts }
    }
}

extension Settings.Source {
    /// The fields of what others sign: webhooks and links.
    static var signedFields: [Field<Settings.Source>] {
        [
            Field("webhooks", \.edge.webhooks, as: .webhooks, isLive: true),
            Field("redirect.secrets", \.edge.redirect.secrets, as: .redirectSecrets),
            Field(
                "redirect.hosts",
                \.edge.redirect.hosts,
                as: .list(example: "[\"*.shop.example\"]") { (text) throws(Complaint) in
                    try EdgeText.checkRedirect(secrets: [], hosts: [text])
                }
            ),
        ]
    }
}
