/// Where the events come from that ``Sender`` publishes.
///
/// Used by one thread.
package protocol EventSource {
    /// How many events there will be, if that is known.
    var total: Int? { get }

    /// Where the event stands that ``appendNext(to:)`` gave last; nil where nobody could look it up.
    var place: EventPlace? { get }

    /// Appends the next event, one JSON object without a line break at its end.
    ///
    /// - Returns: false when there are no more.
    mutating func appendNext(to payload: inout [UInt8]) throws(ProducerError) -> Bool

    /// What the source has left out since the last call, and why.
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
