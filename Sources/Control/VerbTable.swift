import Terminal

/// Every verb of the control socket, and below it the answers.
///
/// The only list of verbs: parsing, permission, `help`, suggestions and clients are derived from
/// it. The daemon defines the actions (``ControlHandler``).
package enum VerbTable {
    package static let ping = TypedVerb<PingAnswer>.reading(
        "ping",
        summary: "answer, to show that the daemon lives"
    )
    package static let version = TypedVerb<VersionAnswer>.reading(
        "version",
        summary: "version and build"
    )
    package static let build = TypedVerb<BuildAnswer>.reading(
        "build",
        summary: "version, build, and versions of compiler and libraries"
    )
    package static let help = TypedVerb<HelpAnswer>.reading("help", summary: "this list")
    package static let status = TypedVerb<StatusAnswer>.reading(
        "status",
        summary: "state, sources, disk, recovery"
    )
    package static let stats = TypedVerb<StatsAnswer>.reading(
        "stats",
        argument: .follow,
        summary: "all counters now, or every interval (default 1s) until you close"
    )
    package static let producers = TypedVerb<ProducersAnswer>.reading(
        "producers",
        argument: .optional("source"),
        summary: "who sends: each key or address with its events, bytes and refusals"
    )
    package static let partitions = TypedVerb<[PartitionAnswer]>.reading(
        "partitions",
        summary: "the open segments"
    )
    package static let plan = TypedVerb<PlanAnswer>.reading(
        "plan",
        summary: "the tracking plan in force, and what was seen of its events"
    )
    package static let drift = TypedVerb<[DriftAnswer]>.reading(
        "drift",
        summary: "what events have that the plan does not"
    )
    package static let seal = TypedVerb<SealAnswer>.changing(
        "seal",
        argument: .optional("folder"),
        summary: "seal open segments now, all or those of a folder; answers when durable"
    )
    package static let flush = TypedVerb<FlushAnswer>.changing(
        "flush",
        summary: "commit now; answers when durable"
    )
    package static let pause = TypedVerb<StateAnswer>.changing(
        "pause",
        argument: .optional("source"),
        summary: "stop intake; producers feel back-pressure, nothing is dropped"
    )
    package static let resume = TypedVerb<StateAnswer>.changing(
        "resume",
        argument: .optional("source"),
        summary: "start intake again"
    )
    package static let reload = TypedVerb<ReloadAnswer>.changing(
        "reload",
        summary: "read the configuration again; answers what needs a restart"
    )
    package static let logLevel = TypedVerb<StateAnswer>.changing(
        "log-level",
        argument: .required("level", example: "debug"),
        patience: .seconds(10),
        summary: "log from this level on, until the next start or a reload with another log.level"
    )
    package static let drain = TypedVerb<StateAnswer>.changing(
        "drain",
        summary: "stop intake, write everything, seal, exit"
    )

    /// In the order `help` lists them.
    package static let verbs = [
        ping.verb, version.verb, build.verb, help.verb, status.verb, stats.verb, producers.verb,
        partitions.verb, plan.verb, drift.verb, seal.verb, flush.verb, pause.verb, resume.verb,
        reload.verb, logLevel.verb, drain.verb,
    ]

    static func verb(named name: String) -> Verb? { verbs.first { $0.name == name } }

    /// Returns the verb most likely meant by `word`; nil if none is near.
    ///
    /// Verbs are short, so half of one may be wrong, and its beginning is enough.
    static func nearest(to word: String) -> Verb? {
        let name = NearestName.of(word, among: verbs.map(\.name)) { max(1, $0 / 2) }
        return name.flatMap(verb(named:)) ?? verbs.first { $0.name.hasPrefix(word.lowercased()) }
    }
}

/// One open segment, in the answer to `partitions`.
package struct PartitionAnswer: Codable, Sendable, Equatable {
    /// The partition's folder below `events/`.
    package var path: String
    package var events: Int
    /// Raw bytes: the lines before compression.
    package var bytes: Int
    package var compressedBytes: Int
    package var ageSeconds: Double
    /// ISO-8601 in UTC with microseconds; nil before the first commit.
    package var lastCommit: String?

    package init(
        path: String,
        events: Int,
        bytes: Int,
        compressedBytes: Int,
        ageSeconds: Double,
        lastCommit: String? = nil
    ) {
        self.path = path
        self.events = events
        self.bytes = bytes
        self.compressedBytes = compressedBytes
        self.ageSeconds = ageSeconds
        self.lastCommit = lastCommit
    }
}

/// The answer to `seal`: how many segments were sealed, and the files they are now.
package struct SealAnswer: Codable, Sendable, Equatable {
    package var sealed: Int
    package var paths: [String]

    package init(paths: [String]) {
        self.sealed = paths.count
        self.paths = paths
    }
}

/// The answer to `flush`: how many events the commit covered.
package struct FlushAnswer: Codable, Sendable, Equatable {
    package var committed: Bool
    package var events: Int

    package init(committed: Bool, events: Int) {
        self.committed = committed
        self.events = events
    }
}

/// The answer to `pause`, `resume`, `log-level` and `drain`: the state from now on.
package struct StateAnswer: Codable, Sendable, Equatable {
    package var state: ServiceState
    /// The source it concerns; nil for the whole daemon.
    package var source: String?
    /// After `log-level`: the level in force.
    package var logLevel: String?

    package init(state: ServiceState, source: String? = nil, logLevel: String? = nil) {
        self.state = state
        self.source = source
        self.logLevel = logLevel
    }
}

/// The answer to `reload`: keys in force now, and keys that wait for a restart.
package struct ReloadAnswer: Codable, Sendable, Equatable {
    package var applied: [String]
    package var needsRestart: [String]

    package init(applied: [String], needsRestart: [String]) {
        self.applied = applied
        self.needsRestart = needsRestart
    }
}

/// The answer to `ping`.
package struct PingAnswer: Codable, Sendable, Equatable {
    package var pong: Bool

    package init() { pong = true }
}

/// The answer to `version`.
package struct VersionAnswer: Codable, Sendable, Equatable {
    package var version: String
    /// Commit or kind of build.
    package var build: String

    package init(version: String, build: String) {
        self.version = version
        self.build = build
    }
}

/// The answer to `build`.
package struct BuildAnswer: Codable, Sendable, Equatable {
    package var version: String
    /// Commit or kind of build.
    package var build: String
    /// The version of Swift.
    package var swift: String
    /// Versions by name.
    package var libraries: [String: String]

    package init(version: String, build: String, swift: String, libraries: [String: String]) {
        self.version = version
        self.build = build
        self.swift = swift
        self.libraries = libraries
    }
}

/// The answer to `help`.
package struct HelpAnswer: Codable, Sendable, Equatable {
    package var verbs: [VerbHelp]

    /// One verb, its syntax and its effect.
    package struct VerbHelp: Codable, Sendable, Equatable {
        package var verb: String
        package var usage: String
        package var summary: String
        /// Whether only root, the daemon's user and the socket's group may use it.
        package var changes: Bool
    }

    init() {
        verbs = VerbTable.verbs.map {
            VerbHelp(
                verb: $0.name,
                usage: $0.usage,
                summary: $0.summary,
                changes: $0.changes
            )
        }
    }
}
