import Glibc

/// The sockets that systemd opened for this process, by name: the protocol of sd_listen_fds(3).
///
/// So a source can have a port below 1024 without a privilege, and connections wait in the socket
/// while the daemon starts again.
struct PassedSockets: Sendable, Equatable {
    /// The first descriptor, SD_LISTEN_FDS_START.
    private static let start: Int32 = 3
    /// More than any unit has; a larger number is no environment of systemd's.
    private static let countMax: Int32 = 1_024

    private(set) var byName: [String: [Int32]] = [:]

    /// Reads `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`; none if they are for another process.
    init(environment: [String: String], process: Int32 = getpid()) {
        guard environment["LISTEN_PID"] == "\(process)",
            let count = environment["LISTEN_FDS"].flatMap(Int32.init),
            (1...Self.countMax).contains(count)
        else { return }
        let names = (environment["LISTEN_FDNAMES"] ?? "")
            .split(separator: ":", omittingEmptySubsequences: false)
        for place in 0..<count {
            let at = Int(place)
            // As sd_listen_fds_with_names(3) calls those without a name.
            let name = at < names.count && !names[at].isEmpty ? String(names[at]) : "unknown"
            byName[name, default: []].append(Self.start + place)
        }
    }
}
