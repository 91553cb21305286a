/// A source of the events that ``Sender`` publishes.
///
/// Used by one thread.
package protocol EventSource {
    /// The number of events, if known.
    var total: Int? { get }

    /// The place of the event that ``appendNext(to:)`` returned last; nil if it has none.
    var place: EventPlace? { get }

    /// Appends the next event, one JSON object without a line break at its end.
    ///
    /// - Returns: false if there are no more.
    mutating func appendNext(to payload: inout [UInt8]) throws(ProducerError) -> Bool

    /// Returns the findings about events omitted since the last call.
    mutating func takeRefusals() -> [SendFinding]
}

extension EventSource {
    package var place: EventPlace? { nil }
    package mutating func takeRefusals() -> [SendFinding] { [] }
}

/// A line of a file, counted from 1.
package struct EventPlace: Equatable, Sendable {
    package let path: String
    package let line: Int

    package init(path: String, line: Int) {
        self.path = path
        self.line = line
    }
}
