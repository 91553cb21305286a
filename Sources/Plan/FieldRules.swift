package import Events

/// Where the events of a source have their time, name, id and channel, other than most events have them.
package struct FieldRules: Sendable, Equatable {
    /// The unit of a time that is a number.
    package enum Unit: String, Sendable, CaseIterable {
        case seconds = "s"
        case milliseconds = "ms"
        case microseconds = "us"
        case nanoseconds = "ns"
    }

    /// A value of the event, or a text.
    package struct Term: Sendable, Equatable {
        /// Where the value is; nil for a text that every event has.
        package var path: EventPath?
        /// The text; with a path, the text in place of any value there, or nothing.
        package var text = ""
        package var unit: Unit?

        package init(path: EventPath?, text: String = "", unit: Unit? = nil) {
            (self.path, self.text, self.unit) = (path, text, unit)
        }
    }

    /// Terms in order; the first that has a text counts.
    package typealias Part = [Term]

    /// Parts that are joined: the first must have a text, the others count if they have one.
    package typealias Choice = [Part]

    package var time: Part = []
    /// Choices in order; the first that has a text counts, as in ``id`` and ``channel``.
    package var name: [Choice] = []
    package var id: [Choice] = []
    package var channel: [Choice] = []
    /// Whether one id is one event, whatever its content is; nil as events are in general: no.
    package var isIDEnough: Bool?
    /// The list of an object whose elements are the events; nil if the object is the event.
    package var split: EnvelopeSplit.Rule?

    package init() {}

    package var isEmpty: Bool { terms.isEmpty && split == nil }

    /// All terms: of time, name, id, channel, each in order.
    package var terms: [Term] { time + (name + id + channel).flatMap { $0 }.flatMap { $0 } }

    /// These, and in place of what they do not say, others.
    package func completed(by others: FieldRules) -> FieldRules {
        var rules = self
        if time.isEmpty { rules.time = others.time }
        if name.isEmpty { rules.name = others.name }
        if id.isEmpty {
            rules.id = others.id
            rules.isIDEnough = isIDEnough ?? others.isIDEnough
        }
        if channel.isEmpty { rules.channel = others.channel }
        rules.split = split ?? others.split
        return rules
    }
}
