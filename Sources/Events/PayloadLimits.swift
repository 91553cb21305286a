/// The limits of one message and one event.
package struct PayloadLimits: Sendable, Equatable {
    /// Bytes of one event as sent.
    package var eventBytesMax: Int
    /// Events and rejected pieces of one message.
    package var eventsMax: Int
    /// The maximum nesting of objects and arrays.
    package var depthMax: Int

    /// The highest limit that a configuration may set for an event or a message.
    package static let messageBytesCeiling = 1 << 30

    /// The longest line that a writer writes with any configuration, which every reader of lines
    /// must accept: the largest event that inherits as much again, or a message in quarantine.
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
