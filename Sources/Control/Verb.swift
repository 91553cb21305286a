import Terminal

/// The verbs of the control socket, in the order `help` lists them.
package enum Verb: String, CaseIterable, Sendable {
    case ping
    case version
    case help
    case status
    case stats
    case partitions
    case seal
    case flush
    case pause
    case resume
    case reload
    case logLevel = "log-level"
    case drain

    /// Whether the verb changes something, so that not everybody may use it.
    package var changes: Bool {
        switch self {
        case .ping, .version, .help, .status, .stats, .partitions: false
        case .seal, .flush, .pause, .resume, .reload, .logLevel, .drain: true
        }
    }

    /// How a request is written.
    var usage: String {
        switch self {
        case .stats: "stats [follow [interval]]"
        case .seal: "seal [folder]"
        case .pause: "pause [source]"
        case .resume: "resume [source]"
        case .logLevel: "log-level LEVEL"
        default: rawValue
        }
    }

    var summary: String {
        switch self {
        case .ping: "answer, to show that the daemon lives"
        case .version: "version and build"
        case .help: "this list"
        case .status: "state, sources, disk, recovery"
        case .stats: "all counters now, or every interval (default 1s) until you close"
        case .partitions: "the open segments"
        case .seal: "seal open segments now, all or those of a folder; answers when durable"
        case .flush: "commit now; answers when durable"
        case .pause: "stop intake; producers feel back-pressure, nothing is dropped"
        case .resume: "start intake again"
        case .reload: "read the configuration again; answers what needs a restart"
        case .logLevel:
            "log from this level on, until the next start or a reload with another log.level"
        case .drain: "stop intake, write everything, seal, exit"
        }
    }
}

extension Verb {
    /// The verb that somebody most likely meant by `word`; nil if none is near.
    ///
    /// Verbs are short, so half of one may be wrong, and its beginning is enough.
    static func nearest(to word: String) -> Verb? {
        let name = NearestName.of(word, among: allCases.map(\.rawValue)) { max(1, $0 / 2) }
        if let name { return Verb(rawValue: name) }
        return allCases.first { $0.rawValue.hasPrefix(word.lowercased()) }
    }
}
