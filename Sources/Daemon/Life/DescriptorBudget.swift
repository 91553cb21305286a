import Configuration
import Glibc
import Storage

/// The shares of the process's descriptors, so that no part of it uses up the descriptors of
/// another.
///
/// A quarter of the limit, or more where that is little, is reserved for sockets, event loops,
/// control and metrics, recovery, and system libraries, of which some abort without a descriptor.
/// Segments and connections, which take two each, get what the settings allow. If the limit is too
/// low for both, segments get a third and connections the rest.
package struct DescriptorBudget: Equatable {
    /// Connections per source.
    let connectionsMax: Int
    /// Open segments per writer.
    let openMax: Int
    /// Sealed files per writer that keep their descriptors until the committer has them.
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
        let most = settings.sources.map { source in
            source.pattern == .http ? source.edge.costs.connections : settings.limits.connectionsMax
        }.max()
        // libzmq duplicates each, to watch it.
        let each = settings.sources.contains { $0.pattern != .http && !$0.isNative } ? 2 : 1
        let wantedByConnections = each * (most ?? 0) * sources
        let segments = min(wanted, max(shared / 3, shared - wantedByConnections)) / writers
        connectionsMax = (shared - segments * writers) / each / sources
        sealsMax = min(sealsMost, segments / 4)
        openMax = segments - sealsMax
    }

    /// The process's present limit of open descriptors; `Int.max` if there is none.
    static var limit: Int { limits.map { Int(clamping: $0.rlim_cur) } ?? 1_024 }

    /// Raises the process's limit to its maximum; call it at the start.
    package static func raise() {
        guard var files = limits, files.rlim_cur < files.rlim_max else { return }
        files.rlim_cur = files.rlim_max
        _ = setrlimit(resource, &files)
    }

    /// The system's limits; nil where they are unknown.
    static var limits: rlimit? {
        var files = rlimit()
        return getrlimit(resource, &files) == 0 ? files : nil
    }

    private static var resource: __rlimit_resource_t {
        __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    }
}

extension Settings {
    /// Describes the settings that the limit of open files reduces, in one sentence each.
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
