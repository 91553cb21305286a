import Glibc

/// A terminal in full-screen mode: alternate screen, no cursor, keys without Enter.
///
/// Created and used by one task. `leave` restores the terminal; otherwise the end of the object
/// does. Meanwhile Ctrl-C arrives as a key (3), not as a signal.
package final class TerminalScreen {
    private let input: Int32
    private let output: Int32
    private let before: termios
    private var isActive = true

    /// Switches the terminal to full-screen mode; nil unless both descriptors are terminals.
    package init?(input: Int32 = 0, output: Int32 = 1) {
        var settings = termios()
        guard isTerminal(input), isTerminal(output), tcgetattr(input, &settings) == 0 else {
            return nil
        }
        self.input = input
        self.output = output
        self.before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        guard tcsetattr(input, TCSANOW, &settings) == 0 else { return nil }
        writeText("\u{1B}[?1049h\u{1B}[?25l", to: output)
    }

    /// Replaces the screen's content with as many of `lines` as fit, cut to its width.
    package func show(_ lines: [String]) {
        let size = TerminalSize.of(output)
        let visible = lines.prefix(size.rows).map { String($0.prefix(size.columns)) + "\u{1B}[K" }
        writeText("\u{1B}[H" + visible.joined(separator: "\r\n") + "\u{1B}[J", to: output)
    }

    /// Waits up to `milliseconds` for a key and returns its first byte; nil if there was none.
    ///
    /// Returns 3 (Ctrl-C) if the terminal is gone, so that no caller waits forever.
    package static func key(input: Int32 = 0, milliseconds: Int32) -> UInt8? {
        var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return nil }
        var byte: UInt8 = 0
        return read(input, &byte, 1) == 1 ? byte : 3
    }

    /// Restores the terminal's previous state.
    package func leave() {
        guard isActive else { return }
        isActive = false
        restore()
    }

    private func restore() {
        writeText("\u{1B}[?25h\u{1B}[?1049l", to: output)
        var settings = before
        _ = tcsetattr(input, TCSANOW, &settings)
    }

    deinit {
        if isActive { restore() }
    }
}
