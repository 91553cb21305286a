/// The answer to `producers`: every producer that was told apart in this run.
package struct ProducersAnswer: Codable, Sendable, Equatable {
    package var producers: [ProducerStats]
    /// What each may send; 0 is no limit.
    package var limits: Limits

    package struct Limits: Codable, Sendable, Equatable {
        package var eventsPerSecond: Int
        package var bytesPerSecond: Int
        package var diskPerDay: Int
        /// The most bytes of each in quarantine.
        package var quarantine: Int

        package init(
            eventsPerSecond: Int = 0,
            bytesPerSecond: Int = 0,
            diskPerDay: Int = 0,
            quarantine: Int = 0
        ) {
            self.eventsPerSecond = eventsPerSecond
            self.bytesPerSecond = bytesPerSecond
            self.diskPerDay = diskPerDay
            self.quarantine = quarantine
        }
    }

    package init(producers: [ProducerStats], limits: Limits = Limits()) {
        self.producers = producers
        self.limits = limits
    }
}

/// What one producer has sent in this run, and whether anything of it was refused.
package struct ProducerStats: Codable, Sendable, Equatable {
    package var source: String
    /// The name of its key, or its address; empty for producers that are not told apart.
    package var name: String
    /// `key`, `address` or `others`.
    package var kind: String
    /// `open`, or why less is taken from it now: `rate`, `quota`, `quarantine_full`.
    package var state: String
    package var connections = Connections()
    package var traffic = Traffic()
    package var ledger: Ledger
    package var usage = Usage()
    /// Why something of it was last refused, and when; ISO-8601 in UTC.
    package var refusal: Refusal?

    package struct Refusal: Codable, Sendable, Equatable {
        package var reason: String
        package var at: String

        package init(reason: String, at: String) {
            self.reason = reason
            self.at = at
        }
    }

    /// Its connections now, and since when there was always one; ISO-8601 in UTC.
    package struct Connections: Codable, Sendable, Equatable {
        package var count = 0
        package var since: String?

        package init() {}
    }

    /// What was exchanged with it; `bytes` are payload bytes as received.
    package struct Traffic: Codable, Sendable, Equatable {
        package var messages = 0
        package var bytes = 0
        package var answers = 0

        package init() {}
    }

    /// How much of its limits it has used.
    package struct Usage: Codable, Sendable, Equatable {
        /// Bytes of lines before compression, of this day in UTC; counted while there are limits.
        package var bytesToday = 0
        /// Estimated bytes of its files in quarantine, of this run.
        package var quarantineBytes = 0

        package init() {}
    }

    package init(source: String, name: String = "", kind: String, ledger: Ledger = Ledger()) {
        self.source = source
        self.name = name
        self.kind = kind
        state = "open"
        self.ledger = ledger
    }

    /// Adds the counts of another producer.
    package mutating func add(_ other: ProducerStats) {
        for figure in Self.figures {
            self[keyPath: figure.path] += other[keyPath: figure.path]
        }
    }
}

extension ProducerStats {
    /// The figures of one producer.
    package static let figures: [Figure<ProducerStats>] = [
        Figure(
            "connections",
            \.connections.count,
            metric: "touchpoint_producer_connections",
            help: "Connections of a producer.",
            column: "connections"
        ),
        Figure(
            "messages",
            \.traffic.messages,
            metric: "touchpoint_producer_messages_total",
            help: "Messages received from a producer.",
            column: "messages"
        ),
        Figure(
            "bytes",
            \.traffic.bytes,
            metric: "touchpoint_producer_payload_bytes_total",
            help: "Payload bytes received from a producer.",
            column: "bytes"
        ),
        Figure(
            "received",
            \.ledger.received,
            metric: "touchpoint_producer_events_received_total",
            help: "Events read from a producer's messages.",
            column: "events"
        ),
        Figure(
            "written",
            \.ledger.written,
            metric: "touchpoint_producer_events_written_total",
            help: "Events of a producer in committed segments."
        ),
        Figure(
            "quarantined",
            \.ledger.quarantined,
            metric: "touchpoint_producer_events_quarantined_total",
            help: "Events of a producer that could not be accepted, and are kept in quarantine.",
            column: "quarantined"
        ),
        Figure(
            "duplicate",
            \.ledger.duplicate,
            metric: "touchpoint_producer_events_duplicate_total",
            help: "Events of a producer that came before and were not written again.",
            column: "duplicates"
        ),
        Figure(
            "dropped",
            \.ledger.dropped,
            metric: "touchpoint_producer_events_dropped_total",
            help: "Events of a producer that could neither be accepted nor kept.",
            column: "dropped"
        ),
        Figure(
            "answers",
            \.traffic.answers,
            metric: "touchpoint_producer_answers_total",
            help: "Answers sent to a producer.",
            column: "answers"
        ),
    ]
}
