import Archive
import FoundationEssentials
import Glibc

/// Waits for what a running daemon is about to write into its data folder.
struct DaemonWait {
    private static let waitsMax = 600
    private static let pauseMicros: UInt32 = 100_000

    let directory: String
    private var waits = 0

    init(directory: String) {
        self.directory = directory
    }

    /// True after a tenth of a second; false at once when no daemon holds the folder, or after a
    /// minute in all.
    mutating func wait() -> Bool {
        guard waits < Self.waitsMax, isHeld else { return false }
        waits += 1
        usleep(Self.pauseMicros)
        return true
    }

    /// Whether the process that the lock file names is there.
    ///
    /// The lock itself is not tried: for that moment it would be taken, and a daemon that starts
    /// refused.
    private var isHeld: Bool {
        guard
            let text = try? String(
                contentsOfFile: "\(directory)/\(SegmentFormat.lock)",
                encoding: .utf8
            ),
            let process = pid_t(text.prefix { $0.isNumber }), process > 0
        else { return false }
        return kill(process, 0) == 0 || errno == EPERM
    }
}
