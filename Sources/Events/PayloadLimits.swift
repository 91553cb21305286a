/// What one message and one event may be.
package struct PayloadLimits: Sendable, Equatable {
    /// Bytes of one event as sent.
    package var eventBytesMax: Int
    /// Events and rejected pieces of one message.
    package var eventsMax: Int
    /// Levels of objects and arrays.
    package var depthMax: Int

    /// Bytes that one message's envelopes may hand down, counted for each event that gets them:
    /// else a few mebibytes of batch, a large `context` over many small events, would become
    /// gigabytes of lines.
    package var handedDownBytesMax: Int {
        let (bytes, overflow) = eventBytesMax.multipliedReportingOverflow(by: 64)
        return overflow ? .max : bytes
    }

    /// The most that a configuration may allow an event or a message to have.
    package static let messageBytesCeiling = 1 << 30

    /// The longest line that a writer writes with any configuration, and so what every reader of lines
    /// has to take: an event with as much handed down to it again, or a message in quarantine.
    package static var lineBytesCeiling: Int {
        max(
            2 * messageBytesCeiling + (1 << 20),
            QuarantineRecord.lineBytesMax(message: messageBytesCeiling)
        )
    }

    package init(eventBytesMax: Int = 1 << 20, eventsMax: Int = 100_000, depthMax: Int = 64) {
        self.eventBytesMax = eventBytesMax
        self.eventsMax = eventsMax
        self.depthMax = depthMax
    }
}
