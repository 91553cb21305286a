/// The state of the whole daemon, or of one source.
package enum ServiceState: String, Codable, Sendable, CaseIterable {
    /// Not all sources are bound yet; for a source, the ids of earlier events are not loaded yet.
    case starting
    /// Taking events in.
    case running
    /// Intake stopped by an operator.
    case paused
    /// Intake stopped because nothing can be stored; it resumes automatically.
    case blocked
    /// Intake stopped permanently; pending events are being written.
    case draining
    /// For a source: its socket failed, and intake stops until a restart.
    case failed
}

/// The answer to `status`.
///
/// Times are ISO-8601 in UTC with microseconds, as `Timestamp` writes them.
package struct StatusAnswer: Codable, Sendable, Equatable {
    package var state: ServiceState
    /// When this state began.
    package var since: String
    /// The reason, if there is one: an action of an operator, or an error of the disk.
    package var why: String?
    /// The configuration file, or nil with the embedded default.
    package var configuration: String?
    /// Why that file, as last read, is not in force.
    package var reloadRefused: String?
    package var node: String
    /// Identifies this run of the daemon in records.
    package var run: String
    package var version: String
    package var pid: Int
    package var sources: [SourceStatus]
    package var disk: DiskStatus
    package var recovery: RecoveryStatus
    package var dedup: DedupStatus
    package var quarantine: QuarantineStatus
    /// Absent unless events are filed by their own time.
    package var eventTime: EventTimeStatus?
    /// Whether every received event is accounted for, in total and per source.
    package var ledgerBalanced: Bool

    package init(
        state: ServiceState,
        since: String,
        why: String? = nil,
        configuration: String? = nil,
        reloadRefused: String? = nil,
        node: String,
        run: String,
        version: String,
        pid: Int,
        sources: [SourceStatus],
        disk: DiskStatus,
        recovery: RecoveryStatus,
        dedup: DedupStatus,
        quarantine: QuarantineStatus,
        ledgerBalanced: Bool
    ) {
        self.state = state
        self.since = since
        self.why = why
        self.configuration = configuration
        self.reloadRefused = reloadRefused
        self.node = node
        self.run = run
        self.version = version
        self.pid = pid
        self.sources = sources
        self.disk = disk
        self.recovery = recovery
        self.dedup = dedup
        self.quarantine = quarantine
        self.ledgerBalanced = ledgerBalanced
    }
}

extension StatusAnswer {
    /// The reasons why the daemon does not do all of its work, a phrase each; empty if there are
    /// none.
    package var problems: [String] {
        var problems: [String] = []
        if state != .running { problems.append("the daemon is \(state.rawValue)") }
        for source in sources where source.state != .running && source.state != state {
            problems.append("source \(source.name) is \(source.state.rawValue)")
        }
        if !ledgerBalanced { problems.append("the ledger does not add up") }
        // Any other state ends without an operator.
        if recovery.state == "failed" { problems.append("recovery failed") }
        if dedup.state == "incomplete" {
            problems.append("ids of earlier events could not be read")
        }
        if quarantine.state == "full" { problems.append("quarantine is full") }
        return problems
    }
}

/// A source as it is bound now.
package struct SourceStatus: Codable, Sendable, Equatable {
    package var name: String
    /// `pull`, `sub` or `router`.
    package var pattern: String
    /// The actual endpoints, with the ports the system assigned.
    package var endpoints: [String]
    package var state: ServiceState
    /// The problem with its endpoints, if there is one.
    package var problem: String?
    /// Among whose ids duplicates are looked for: `producer` for those of the same key, `everybody`
    /// for those of the whole source; absent without `dedup`.
    package var dedupScope: String?

    package init(name: String, pattern: String, endpoints: [String], state: ServiceState) {
        self.name = name
        self.pattern = pattern
        self.endpoints = endpoints
        self.state = state
    }
}

/// The file system that holds the data.
package struct DiskStatus: Codable, Sendable, Equatable {
    package var directory: String
    package var totalBytes: Int
    package var availableBytes: Int
    /// The number of new files (inodes) it accepts; absent if the file system does not count them.
    package var availableFiles: Int?
    /// Below this many available bytes the daemon blocks.
    package var minimumFreeBytes: Int

    package init(
        directory: String,
        totalBytes: Int,
        availableBytes: Int,
        availableFiles: Int?,
        minimumFreeBytes: Int
    ) {
        self.directory = directory
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
        self.availableFiles = availableFiles
        self.minimumFreeBytes = minimumFreeBytes
    }
}

/// The recovery of earlier runs' files.
package struct RecoveryStatus: Codable, Sendable, Equatable {
    /// `none`, `running`, `waiting for room`, `stopped`, `done` or `failed`.
    package var state: String
    package var filesFound: Int
    package var filesRecovered: Int
    package var eventsRecovered: Int

    package init(state: String, filesFound: Int, filesRecovered: Int, eventsRecovered: Int) {
        self.state = state
        self.filesFound = filesFound
        self.filesRecovered = filesRecovered
        self.eventsRecovered = eventsRecovered
    }
}
