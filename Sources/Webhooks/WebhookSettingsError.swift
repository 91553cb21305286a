/// The reason why the settings of a webhook or a redirect cannot work: one sentence, with the remedy.
///
/// It never contains a secret.
package struct WebhookSettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
