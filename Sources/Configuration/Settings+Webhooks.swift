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
}
