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
    static func nearest(to word: String) -> Verb? {
        let typed = Array(word.lowercased().utf8)
        guard !typed.isEmpty, typed.count <= 32 else { return nil }
        let ranked = allCases.map { verb in
            (verb: verb, distance: editDistance(typed, Array(verb.rawValue.utf8)))
        }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        if best.distance <= max(1, best.verb.rawValue.utf8.count / 2) { return best.verb }
        return allCases.first { $0.rawValue.hasPrefix(word.lowercased()) }
    }

    /// Insertions, deletions and replacements between two words (Levenshtein, one row at a time).
    private static func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var row = Array(0...second.count)
        for (line, letter) in first.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in second.indices {
                let replaced = diagonal + (letter == second[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}
