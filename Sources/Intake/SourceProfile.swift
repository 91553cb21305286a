/// The settings of a source that the path knows, for every kind of source.
package struct SourceProfile: Sendable, Equatable {
    package var name: String
    /// The kind of source, for operators.
    package var kind: String
    /// The channel of events that name none.
    package var channel: String
    /// Whether producers wait for answers.
    package var isAnswered: Bool
    /// Whether events are looked up by their ids, so that duplicates are not written.
    package var deduplicates: Bool
    /// Whether every producer has proved a key, so that ids are looked up among its own.
    package var hasKeys: Bool
    /// How many threads take in for it, each with rings of its own.
    package var places: Int

    package init(
        name: String,
        kind: String,
        channel: String = "unknown",
        isAnswered: Bool,
        deduplicates: Bool = false,
        hasKeys: Bool = false,
        places: Int = 1
    ) {
        precondition(places >= 1, "a source has a place")
        self.name = name
        self.kind = kind
        self.channel = channel
        self.isAnswered = isAnswered
        self.deduplicates = deduplicates
        self.hasKeys = hasKeys
        self.places = places
    }
}
