/// The answer to `plan`: the plan in force, and what was seen of its events in this run.
package struct PlanAnswer: Codable, Sendable, Equatable {
    package var plan: String
    package var version: Int
    /// When it was read; ISO-8601 in UTC.
    package var loadedAt: String
    /// `annotate`, `enforce` or `off`, of sources without one of their own.
    package var mode: String
    /// In the order of the plan.
    package var events: [Event] = []
    /// Events that no plan of this run had.
    package var unplanned = Counts()

    /// How many events were checked, and what they were found to be.
    package struct Counts: Codable, Sendable, Equatable {
        package var seen = 0
        package var ok = 0
        package var warned = 0
        package var quarantined = 0
        /// Bytes of the events as they were sent.
        package var bytes = 0
        /// When the last one was received; ISO-8601 in UTC, absent before the first.
        package var lastSeen: String?

        package init() {}
    }

    /// An event of the plan; one that never came has counts of 0.
    package struct Event: Codable, Sendable, Equatable {
        package var event: String
        package var owner: String
        package var status: String
        package var kpis: [String]
        package var counts: Counts

        package init(
            _ event: String,
            owner: String,
            status: String,
            kpis: [String],
            counts: Counts
        ) {
            self.event = event
            self.owner = owner
            self.status = status
            self.kpis = kpis
            self.counts = counts
        }

        private enum Key: String, CodingKey {
            case event, owner, status, kpis
        }

        /// The counts stand beside the names.
        package func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: Key.self)
            try object.encode(event, forKey: .event)
            try object.encode(owner, forKey: .owner)
            try object.encode(status, forKey: .status)
            try object.encode(kpis, forKey: .kpis)
            try counts.encode(to: encoder)
        }

        package init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: Key.self)
            event = try object.decode(String.self, forKey: .event)
            owner = try object.decode(String.self, forKey: .owner)
            status = try object.decode(String.self, forKey: .status)
            kpis = try object.decode([String].self, forKey: .kpis)
            counts = try Counts(from: decoder)
        }
    }

    package init(plan: String, version: Int, loadedAt: String, mode: String) {
        self.plan = plan
        self.version = version
        self.loadedAt = loadedAt
        self.mode = mode
    }
}

/// One entry in the answer to `drift`: what events have that the plan does not.
package struct DriftAnswer: Codable, Sendable, Equatable {
    package var event: String
    /// Empty for an event as a whole.
    package var path: String
    /// `unplanned_event`, `unplanned`, `type` or `personal`.
    package var kind: String
    /// The planned name that differs least; absent if none is near.
    package var nearest: String?
    package var source: String
    package var count: Int
    /// ISO-8601 in UTC.
    package var firstSeen: String
    package var lastSeen: String
    /// The types of the values.
    package var types: [String] = []
    /// Whether a name or a value looks like personal data.
    package var personal = false
    /// Where one line with it is.
    package var sample: Place?
    /// What sent it, as the event says in `context.library`.
    package var library: String?

    /// The place of a line: who can read the files can find it.
    package struct Place: Codable, Sendable, Equatable {
        package var node: String
        package var run: String
        package var seq: Int

        package init(node: String, run: String, seq: Int) {
            self.node = node
            self.run = run
            self.seq = seq
        }
    }

    package init(
        event: String,
        path: String,
        kind: String,
        source: String,
        count: Int,
        firstSeen: String,
        lastSeen: String
    ) {
        self.event = event
        self.path = path
        self.kind = kind
        self.source = source
        self.count = count
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }
}
