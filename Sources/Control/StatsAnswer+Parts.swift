/// The counts of one channel.
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
    /// The source that fills it, and the number of the writer that empties it.
    package var source: String?
    package var writer: Int?
    package var capacity: Int
    package var used: Int
    package var highWater: Int
    package var full: Int

    package init(
        source: String? = nil,
        writer: Int? = nil,
        capacity: Int,
        used: Int,
        highWater: Int,
        full: Int
    ) {
        self.source = source
        self.writer = writer
        self.capacity = capacity
        self.used = used
        self.highWater = highWater
        self.full = full
    }
}

extension RingStats {
    /// The figures of one ring.
    package static let figures: [Figure<RingStats>] = [
        Figure(
            "capacity",
            \.capacity,
            metric: "touchpoint_ring_capacity_bytes",
            help: "What a ring can hold.",
            column: "capacity"
        ),
        Figure(
            "used",
            \.used,
            metric: "touchpoint_ring_used_bytes",
            help: "Bytes that wait in a ring.",
            column: "used"
        ),
        Figure(
            "highWater",
            \.highWater,
            metric: "touchpoint_ring_high_water_bytes",
            help: "The most that has waited in a ring at once.",
            column: "high water"
        ),
        Figure(
            "full",
            \.full,
            metric: "touchpoint_ring_full_total",
            help: "How often a ring had no room.",
            column: "full"
        ),
    ]
}

/// The events and bytes that one writer has written, and its open segments.
package struct WriterStats: Codable, Sendable, Equatable {
    package var events: Int
    package var openSegments: Int

    package init(events: Int, openSegments: Int) {
        self.events = events
        self.openSegments = openSegments
    }
}

/// How many commits there were, and how long those of the last ten seconds took, in microseconds.
package struct CommitStats: Codable, Sendable, Equatable {
    /// Of this run.
    package var count: Int
    /// Of the last ten seconds; if it is 0, so are all properties below.
    package var recent: Int?
    package var p50us: Int
    package var p99us: Int
    package var p999us: Int
    package var maxus: Int

    package init(
        count: Int,
        recent: Int? = nil,
        p50us: Int,
        p99us: Int,
        p999us: Int,
        maxus: Int
    ) {
        self.count = count
        self.recent = recent
        self.p50us = p50us
        self.p99us = p99us
        self.p999us = p999us
        self.maxus = maxus
    }
}

/// Answers to producers: sent ones, and ones that could not be sent.
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

extension ByteStats {
    /// The figures of the whole daemon.
    package static let figures: [Figure<ByteStats>] = [
        Figure(
            "raw",
            \.raw,
            metric: "touchpoint_bytes_raw_total",
            help: "Bytes before compression."
        ),
        Figure(
            "compressed",
            \.compressed,
            metric: "touchpoint_bytes_compressed_total",
            help: "Bytes written."
        ),
    ]
}

/// The daemon's cost: CPU time since its start, user and system, and resident memory.
package struct ProcessStats: Codable, Sendable, Equatable {
    package var cpuSeconds: Double
    package var rssBytes: Int

    package init(cpuSeconds: Double, rssBytes: Int) {
        self.cpuSeconds = cpuSeconds
        self.rssBytes = rssBytes
    }
}
