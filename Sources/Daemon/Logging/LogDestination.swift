import Glibc

/// The target of log lines: a file descriptor, one write(2) per line, so that lines of several
/// threads and processes never mix.
///
/// Any thread may use it.
package struct LogDestination: Sendable {
    let descriptor: Int32
    /// Whether journald reads the other end: it has its own clock and expects priorities.
    let isJournal: Bool

    /// Standard error.
    ///
    /// It is journald's when `JOURNAL_STREAM` names its device and inode (systemd.exec(5)); a
    /// standard error that was redirected later is not.
    package static func standardError(environment: [String: String]) -> LogDestination {
        LogDestination(descriptor: STDERR_FILENO, environment: environment)
    }

    /// A destination for any descriptor, which must stay open as long as it is used.
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
    /// An error cannot be reported: the rest of the line is dropped.
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
