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

/// The answer to `pause`, `resume`, `log-level` and `drain`: what holds from now on.
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

/// The answer to `reload`: keys that are in force now, and keys that wait for a restart.
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

/// The answer to `help`.
package struct HelpAnswer: Codable, Sendable, Equatable {
    package var verbs: [VerbHelp]

    /// One verb, how it is written and what it does.
    package struct VerbHelp: Codable, Sendable, Equatable {
        package var verb: String
        package var usage: String
        package var summary: String
        /// Whether only root, the daemon's user and the socket's group may use it.
        package var changes: Bool
    }

    init() {
        verbs = Verb.allCases.map {
            VerbHelp(
                verb: $0.rawValue,
                usage: $0.usage,
                summary: $0.summary,
                changes: $0.changes
            )
        }
    }
}
