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
    package var name: Choice = []
    /// The text before the name, such as `crm.`.
    package var namePrefix = ""
    /// RFC 3339, or a number of seconds or milliseconds since 1970 UTC.
    package var time: Choice = []

    package init() {}

    /// Returns the identity of an event; nil if its first part is missing.
    ///
    /// Each part has its length before it, so two lists of parts are never one identity. A single
    /// part is the identity itself. `value` returns the text of a place, nil if it has none.
    package func identity(_ value: (Place) -> String?) -> String? {
        guard let first = id.first.flatMap({ Self.find($0, value) }) else { return nil }
        guard id.count > 1 else { return first }
        var text = ""
        for part in [first] + id.dropFirst().map({ Self.find($0, value) ?? "" }) {
            text += "\(part.utf8.count):\(part)"
        }
        return text
    }

    /// Returns the name of an event with its prefix; nil if it has none.
    package func eventName(_ value: (Place) -> String?) -> String? {
        Self.find(name, value).map { namePrefix + $0 }
    }

    /// Returns the text of an event's time; nil if it has none.
    package func timeText(_ value: (Place) -> String?) -> String? { Self.find(time, value) }

    private static func find(_ choice: Choice, _ value: (Place) -> String?) -> String? {
        for place in choice {
            if let found = value(place), !found.isEmpty { return found }
        }
        return nil
    }
}
