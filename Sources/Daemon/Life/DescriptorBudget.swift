import Configuration
import Glibc
import Storage

/// How the descriptors that the process may have are shared out, so that no part of it takes what
/// another one needs.
///
/// A quarter of the limit, or more where that is little, is left to sockets, event loops, control and
/// metrics, recovery, and the system's own libraries, of which some end the process when a descriptor is
/// refused to them. Segments and connections, which take two each, get what they may have by the
/// settings; where that is too much for both, segments a third and connections the rest.
package struct DescriptorBudget: Equatable {
    /// Connections a source.
    let connectionsMax: Int
    /// Open segments a writer.
    let openMax: Int
    /// Sealed files a writer that keep their descriptors until the committer has them.
    let sealsMax: Int

    private static let connectionsMin = 16
    private static let segmentsMin = 8
    private static let restMin = 48
    private static let perSource = 10
    private static let perWriter = 4

    /// - `limit`: ``limit``.
    /// - Throws: exit code 78, when there are too few for the sources and writers.
    init(_ limit: Int, _ settings: Settings, writers: Int) throws(DaemonFailure) {
        let sources = settings.sources.count
        let fixed = Self.restMin + sources * Self.perSource + writers * Self.perWriter
        let needed =
            fixed + 3 * max(writers * Self.segmentsMin, sources * Self.connectionsMin)
        guard limit >= needed else {
            throw DaemonFailure(
                exitCode: 78,
                description:
                    "the limit of open files is \(limit), and \(sources) sources and \(writers)"
                    + " writers need at least \(needed): raise it (LimitNOFILE= in the unit, ulimit -n)"
            )
        }
        let shared = limit - max(fixed, limit / 4)
        let sealsMost = SegmentStore.Configuration.sealsMaxDefault
        let wanted = (settings.partition.maxOpen + sealsMost) * writers
        let wantedByConnections = 2 * settings.limits.connectionsMax * sources
        let segments = min(wanted, max(shared / 3, shared - wantedByConnections)) / writers
        connectionsMax = (shared - segments * writers) / 2 / sources
        sealsMax = min(sealsMost, segments / 4)
        openMax = segments - sealsMax
    }

    /// The most descriptors that the process may have open now; `Int.max` where nothing limits them.
    static var limit: Int { limits.map { Int(clamping: $0.rlim_cur) } ?? 1_024 }

    /// Lets the process have as many as it may ask for; to be called at its start.
    package static func raise() {
        guard var files = limits, files.rlim_cur < files.rlim_max else { return }
        files.rlim_cur = files.rlim_max
        _ = setrlimit(resource, &files)
    }

    /// Nil where the system does not tell.
    static var limits: rlimit? {
        var files = rlimit()
        return getrlimit(resource, &files) == 0 ? files : nil
    }

    private static var resource: __rlimit_resource_t {
        __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    }
}

extension Settings {
    /// What the limit of open files leaves of these settings, a sentence for each that is less than
    /// it says.
    ///
    /// - Throws: when there are too few descriptors.
    package func shortfalls(cores: Int) throws(DaemonFailure) -> [String] {
        let writers = writers.count(cores: cores)
        let budget = try DescriptorBudget(DescriptorBudget.limit, self, writers: writers)
        var lines: [String] = []
        if budget.openMax < partition.maxOpen {
            lines.append(
                "\(budget.openMax) open segments a writer instead of partition.maxOpen,"
                    + " \(partition.maxOpen)"
            )
        }
        if budget.connectionsMax < limits.connectionsMax {
            lines.append(
                "\(budget.connectionsMax) connections a source instead of limits.connections,"
                    + " \(limits.connectionsMax)"
            )
        }
        return lines
    }
}
