import Archive
import FoundationEssentials
import Glibc

/// Waits for files that a running daemon is about to write into its data folder.
struct DaemonWait {
    private static let waitsMax = 600
    private static let pauseMicros: UInt32 = 100_000

    let directory: String
    private var waits = 0

    init(directory: String) {
        self.directory = directory
    }

    /// Returns true after a tenth of a second; false at once if no daemon holds the folder, or
    /// after a minute in total.
    mutating func wait() -> Bool {
        guard waits < Self.waitsMax, isHeld else { return false }
        waits += 1
        usleep(Self.pauseMicros)
        return true
    }

    /// Whether the process named in the lock file exists.
    ///
    /// It does not try the lock: for that moment the lock would be taken, and a starting daemon
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
