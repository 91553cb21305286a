import Glibc

/// Whether `fd` is a terminal.
///
/// Any thread.
package func isTerminal(_ fd: Int32) -> Bool { isatty(fd) == 1 }

/// The size of a terminal in characters.
package struct TerminalSize: Sendable, Equatable {
    package let columns: Int
    package let rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// Returns the current size of the terminal `fd`; 80 by 24 if `fd` is none or reports no size.
    package static func of(_ fd: Int32) -> TerminalSize {
        var size = winsize()
        let asked = ioctl(fd, UInt(TIOCGWINSZ), &size)
        guard asked == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalSize(columns: 80, rows: 24)
        }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

/// Writes all of `text` to `fd`, continuing after interrupts and short writes.
///
/// - Returns: 0, or the errno of the write that failed. If the reader is gone, it is `EPIPE`, or
///   the process ends where SIGPIPE is not ignored.
@discardableResult
package func writeText(_ text: String, to fd: Int32) -> Int32 {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        if written < 0 { return errno }
        rest = rest.dropFirst(written)
    }
    return 0
}
