/// What came in through one source; `bytes` are payload bytes as received.
package struct SourceStats: Codable, Sendable, Equatable {
    package var ledger: Ledger
    package var messages: Int
    package var bytes: Int
    /// Connected producers.
    package var peers: Int
    /// Messages of which nothing was kept: their frames made no sense.
    package var rejected: Int

    package init(ledger: Ledger, messages: Int, bytes: Int, peers: Int, rejected: Int = 0) {
        self.ledger = ledger
        self.messages = messages
        self.bytes = bytes
        self.peers = peers
        self.rejected = rejected
    }
}

/// What belongs to one channel.
package struct ChannelStats: Codable, Sendable, Equatable {
    package var events: Int

    package init(events: Int) { self.events = events }
}

/// Intake per second over some time; `bytes` as received.
package struct RateStats: Codable, Sendable, Equatable {
    package var events: Double
    package var bytes: Double

    package init(events: Double, bytes: Double) {
        self.events = events
        self.bytes = bytes
    }
}

/// One ring, in bytes, and how often it was found full.
package struct RingStats: Codable, Sendable, Equatable {
    package var capacity: Int
    package var used: Int
    package var highWater: Int
    package var full: Int

    package init(capacity: Int, used: Int, highWater: Int, full: Int) {
        self.capacity = capacity
        self.used = used
        self.highWater = highWater
        self.full = full
    }
}

/// What one writer has written and holds open.
package struct WriterStats: Codable, Sendable, Equatable {
    package var events: Int
    package var openSegments: Int

    package init(events: Int, openSegments: Int) {
        self.events = events
        self.openSegments = openSegments
    }
}

/// How long commits took, in microseconds.
package struct CommitStats: Codable, Sendable, Equatable {
    package var count: Int
    package var p50us: Int
    package var p99us: Int
    package var p999us: Int
    package var maxus: Int

    package init(count: Int, p50us: Int, p99us: Int, p999us: Int, maxus: Int) {
        self.count = count
        self.p50us = p50us
        self.p99us = p99us
        self.p999us = p999us
        self.maxus = maxus
    }
}

/// Answers to producers that were sent, and that could not be sent.
package struct AcknowledgementStats: Codable, Sendable, Equatable {
    package var sent: Int
    package var dropped: Int

    package init(sent: Int, dropped: Int) {
        self.sent = sent
        self.dropped = dropped
    }
}

/// Bytes of lines before and after compression.
package struct ByteStats: Codable, Sendable, Equatable {
    package var raw: Int
    package var compressed: Int

    package init(raw: Int, compressed: Int) {
        self.raw = raw
        self.compressed = compressed
    }
}

/// What the daemon costs: CPU time since its start, user and system, and resident memory.
package struct ProcessStats: Codable, Sendable, Equatable {
    package var cpuSeconds: Double
    package var rssBytes: Int

    package init(cpuSeconds: Double, rssBytes: Int) {
        self.cpuSeconds = cpuSeconds
        self.rssBytes = rssBytes
    }
}
