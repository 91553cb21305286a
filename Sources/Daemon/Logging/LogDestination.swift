import Glibc

/// Where log lines go: a file descriptor, one write(2) a line, so that lines of several threads and
/// processes never mix.
///
/// Usable from any thread.
package struct LogDestination: Sendable {
    let descriptor: Int32
    /// Whether journald reads the other end: it has its own clock and wants priorities.
    let isJournal: Bool

    /// Standard error.
    ///
    /// It is journald's when `JOURNAL_STREAM` names its device and inode (systemd.exec(5)); a
    /// standard error that was redirected since then is not.
    package static func standardError(environment: [String: String]) -> LogDestination {
        LogDestination(descriptor: STDERR_FILENO, environment: environment)
    }

    /// Any descriptor, which stays open as long as somebody logs.
    init(descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        var status = stat()
        guard let stream = environment["JOURNAL_STREAM"], fstat(descriptor, &status) == 0 else {
            isJournal = false
            return
        }
        isJournal = stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// Writes `line` and a line break.
    ///
    /// Nobody can be told when that fails: the rest is dropped.
    func write(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(0x0A)
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(
                    descriptor,
                    UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                    rest.count
                )
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
