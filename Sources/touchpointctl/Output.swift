import ArgumentParser
import Glibc
import Terminal

/// Prints `lines` to standard output at once, so that pipes see them when they happen.
///
/// Each is one line, whatever text from outside is in it. A reader that has gone (`| head`) ends the
/// program quietly.
func printOut(_ lines: [String]) throws {
    try printSafe(lines.map(ShownText.line))
}

/// Prints a line of JSON as it came, but for escapes.
func printOut(json: some Sequence<UInt8>) throws {
    try printSafe([ShownText.json(String(decoding: Array(json), as: UTF8.self))])
}

private func printSafe(_ lines: [String]) throws {
    guard !lines.isEmpty else { return }
    let code = writeText(lines.joined(separator: "\n") + "\n", to: 1)
    if code == EPIPE { throw ArgumentParser.ExitCode(Terminal.ExitCode.done) }
    guard code == 0 else {
        printError("cannot write: \(String(cString: strerror(code)))")
        throw ArgumentParser.ExitCode(Terminal.ExitCode.ioError)
    }
}

/// Prints a message to standard error, as one line.
func printError(_ message: String) {
    writeText("touchpointctl: \(shown(message))\n", to: 2)
}

/// `text` from outside, as a part of a line.
func shown(_ text: String) -> String { ShownText.line(text) }
