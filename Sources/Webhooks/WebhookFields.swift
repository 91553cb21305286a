/// Where an event of a webhook has its identity, its name and its time.
package struct WebhookFields: Sendable, Equatable {
    /// One value of an event or of its request.
    package enum Place: Sendable, Equatable {
        /// Names of members, from the outermost.
        case path([String])
        /// A header field, its name in lower case.
        case header(String)

        /// A path with dots between the names.
        package static func member(_ path: String) -> Place {
            .path(path.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
        }

        package static func field(_ header: String) -> Place { .header(header.lowercased()) }
    }

    /// Places in order; the first that has a value decides.
    package typealias Choice = [Place]

    /// The parts of the identity: the first must be there, the others count if they are.
    package var id: [Choice] = []
    /// Whether one identity is one event, whatever its content is.
    ///
    /// Else the same identity with other content is another event.
    package var isIDEnough = true
    package var name: Choice = []
    /// The text before the name, such as `crm.`.
    package var namePrefix = ""
    /// A text such as RFC 3339, or a number of seconds, milliseconds or microseconds since 1970 UTC.
    package var time: Choice = []

    package init() {}

    package var isEmpty: Bool { id.isEmpty && name.isEmpty && time.isEmpty }

    /// These, and in place of what they do not say, others.
    package func completed(by others: WebhookFields) -> WebhookFields {
        var fields = self
        if id.isEmpty { (fields.id, fields.isIDEnough) = (others.id, others.isIDEnough) }
        if name.isEmpty { (fields.name, fields.namePrefix) = (others.name, others.namePrefix) }
        if time.isEmpty { fields.time = others.time }
        return fields
    }
}
