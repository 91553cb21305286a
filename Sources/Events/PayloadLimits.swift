/// What one message and one event may be.
package struct PayloadLimits: Sendable, Equatable {
    /// Bytes of one event as sent.
    package var eventBytesMax: Int
    /// Events and rejected pieces of one message.
    package var eventsMax: Int
    /// Levels of objects and arrays.
    package var depthMax: Int

    /// Bytes that one message's envelopes may hand down, counted for each event that gets them: else a few
    /// mebibytes of batch, a large `context` over many small events, would become gigabytes of lines.
    package var handedDownBytesMax: Int {
        let (bytes, overflow) = eventBytesMax.multipliedReportingOverflow(by: 64)
        return overflow ? .max : bytes
    }

    package init(eventBytesMax: Int = 1 << 20, eventsMax: Int = 100_000, depthMax: Int = 64) {
        self.eventBytesMax = eventBytesMax
        self.eventsMax = eventsMax
        self.depthMax = depthMax
    }
}
