extension Settings {
    /// What each producer may send; 0 is no limit.
    package struct PerProducer: Sendable, Equatable {
        package var eventsPerSecond = 0
        /// Payload bytes as received.
        package var bytesPerSecond = 0
        /// Bytes of lines before compression, per day in UTC.
        package var bytesPerDay = 0

        /// The defaults of the configuration.
        package init() {}
    }

    /// The limits of one event and one message; beyond them they are quarantined or rejected.
    package struct Limits: Sendable, Equatable {
        /// The longest event, in bytes.
        package var eventBytesMax = 1 << 20
        /// The longest message, in bytes; also the limit of an inflated payload.
        package var messageBytesMax = 4 << 20
        /// The most events in one message.
        package var eventsPerMessageMax = 100_000
        /// The deepest nesting of objects and arrays, 1…1024.
        package var depthMax = 64
        /// The most connections of a source at once.
        package var connectionsMax = 1_000
        package var perProducer = PerProducer()

        /// The defaults of the configuration.
        package init() {}
    }
}
