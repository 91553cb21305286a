import ArgumentParser
import Glibc
import Terminal

/// Prints `lines` to standard output at once, so that pipes see them when they happen.
///
/// A reader that has gone (`| head`) ends the program quietly.
func printOut(_ lines: [String]) throws {
    guard !lines.isEmpty else { return }
    let code = writeText(lines.joined(separator: "\n") + "\n", to: 1)
    if code == EPIPE { throw ArgumentParser.ExitCode(Terminal.ExitCode.done) }
    guard code == 0 else {
        writeText("touchpointctl: cannot write: \(String(cString: strerror(code)))\n", to: 2)
        throw ArgumentParser.ExitCode(Terminal.ExitCode.ioError)
    }
}

/// `text` from the network, safe to show: control characters could steer the terminal.
func shown(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map {
                $0.properties.generalCategory == .control ? "?" : $0
            }
        )
    )
}
