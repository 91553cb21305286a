/// Where the events come from that ``Sender`` publishes.
///
/// Used by one thread.
package protocol EventSource {
    /// How many events there will be, if that is known.
    var total: Int? { get }

    /// Appends the next event, one JSON object without a line break at its end.
    ///
    /// - Returns: false when there are no more.
    mutating func appendNext(to payload: inout [UInt8]) throws(ProducerError) -> Bool
}
