package import Intake

/// One ZeroMQ source: where it listens or connects, and what a peer may queue.
package struct SourceConfiguration: Sendable, Equatable {
    /// The ZeroMQ pattern of the collector's end.
    package enum Pattern: String, Sendable, CaseIterable {
        /// Producers PUSH; not acknowledged.
        case pull
        /// Producers PUB; not acknowledged, and messages sent before the subscription are lost.
        case sub
        /// Producers DEALER or REQ; acknowledged once durable.
        case router
    }

    package var name: String
    package var pattern: Pattern
    package var bind: [String]
    package var connect: [String]
    /// The channel of events that name none.
    package var channel: String
    /// Prefixes to subscribe to; `sub` only.
    package var topics: [String]
    /// Whether a message's topic is the channel of events that name none; `sub` only.
    package var topicIsChannel = false
    /// Messages that libzmq queues per peer.
    package var highWaterMark: Int
    /// The longest frame, in bytes; libzmq disconnects a peer that sends a longer one.
    package var messageBytesMax: Int
    /// The most simultaneous connections; more are refused.
    package var connectionsMax: Int
    /// Whether events are looked up by their ids, so that duplicates are not written.
    package var deduplicates: Bool

    package init(
        name: String,
        pattern: Pattern,
        bind: [String] = [],
        connect: [String] = [],
        channel: String = "unknown",
        topics: [String] = [""],
        highWaterMark: Int = 1_000,
        messageBytesMax: Int = 4 << 20,
        connectionsMax: Int = 1_000,
        deduplicates: Bool = false
    ) {
        self.name = name
        self.pattern = pattern
        self.bind = bind
        self.connect = connect
        self.channel = channel
        self.topics = topics
        self.highWaterMark = highWaterMark
        self.messageBytesMax = messageBytesMax
        self.connectionsMax = connectionsMax
        self.deduplicates = deduplicates
    }

    /// The settings that the path knows.
    package var profile: SourceProfile {
        SourceProfile(
            name: name,
            kind: pattern.rawValue,
            channel: channel,
            isAnswered: pattern == .router,
            deduplicates: deduplicates
        )
    }
}
