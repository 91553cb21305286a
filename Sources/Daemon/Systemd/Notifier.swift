import Glibc
import Platform

/// Reports the daemon's state to systemd: the protocol of sd_notify(3) over `NOTIFY_SOCKET`.
///
/// Without that variable every method does nothing. A message that cannot be sent is dropped: the
/// daemon continues, and systemd notices missing messages. Any thread may call; a method may block
/// for up to one second while systemd does not read.
package struct Notifier: Sendable {
    private let path: String?
    /// The longest time that systemd allows between calls of `watchdog()`; nil for no limit.
    ///
    /// Call it about twice as often.
    package let watchdogInterval: Duration?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    package init(environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"].flatMap { path in
            // Absolute, or abstract ('@'); vsock and others are not for a local service.
            path.hasPrefix("/") || path.hasPrefix("@") ? path : nil
        }
        watchdogInterval = Notifier.watchdogInterval(environment)
    }

    /// Whether there is a socket to report to.
    package var isActive: Bool { path != nil }

    /// Reports that the sources are bound and the data folder is locked; also ends `reloading()`.
    package func ready(status: String) {
        send("READY=1\nSTATUS=\(oneLine(status))")
    }

    /// Reports that the configuration is being read again; `ready(status:)` follows.
    package func reloading() {
        let microseconds = SystemClock.monotonicNanoseconds / 1000
        send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
    }

    /// Reports that a drain began.
    package func stopping(status: String) {
        send("STOPPING=1\nSTATUS=\(oneLine(status))")
    }

    /// Sets the line of `systemctl status`; the text is built only if there is a socket.
    package func status(_ text: @autoclosure () -> String) {
        if isActive { send("STATUS=\(oneLine(text()))") }
    }

    /// Reports that the pipeline made progress.
    ///
    /// Call it after progress, not by a timer.
    package func watchdog() {
        send("WATCHDOG=1")
    }

    /// Asks systemd to wait `duration` from now on before it considers a start or stop as hanging.
    package func extendTimeout(_ duration: Duration) {
        let parts = duration.components
        let (whole, overflow) = parts.seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return }
        let microseconds = whole.addingReportingOverflow(parts.attoseconds / 1_000_000_000_000)
        send("EXTEND_TIMEOUT_USEC=\(max(0, microseconds.partialValue))")
    }

    private static func watchdogInterval(_ environment: [String: String]) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init),
            microseconds > 0
        else { return nil }
        // It is for another process if it names one: see sd_watchdog_enabled(3).
        if let process = environment["WATCHDOG_PID"], process != "\(getpid())" { return nil }
        return .microseconds(microseconds)
    }

    /// Escapes line breaks, which would start another assignment.
    private func oneLine(_ text: String) -> String {
        LogEscape.controls(in: text)
    }

    private func send(_ message: String) {
        guard let path, let address = UnixAddress(name: path) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Notifier.closeOnExec, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_SNDTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        let bytes = Array(message.utf8)
        address.withPointer { pointer, length in
            while sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length)
                < 0, errno == EINTR
            {}
        }
    }

    private static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
}
