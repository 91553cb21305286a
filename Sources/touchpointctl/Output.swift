import ArgumentParser
import Glibc
import Terminal

/// Prints `lines` to standard output at once, so that pipes receive them without delay.
///
/// Each is one line, whatever outside text it contains. If the reader is gone (`| head`), the
/// program ends without a message.
func printOut(_ lines: [String]) throws {
    try printSafe(lines.map(ShownText.line))
}

/// Prints a whole document unchanged; it has line ends of its own.
///
/// Control characters other than line ends and tabs become blanks, since a terminal would obey them.
func printOut(document: String) throws {
    var text = String.UnicodeScalarView()
    for scalar in document.unicodeScalars {
        let isControl = scalar.properties.generalCategory == .control
        let isLineEnd = scalar == "\n" || scalar == "\r" || scalar == "\t"
        text.append(isControl && !isLineEnd ? " " : scalar)
    }
    try printSafe([String(text.dropLast(text.last == "\n" ? 1 : 0))])
}

/// Prints a line of JSON unchanged, except for escapes.
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

/// Makes `text` from outside safe as a part of a line.
func shown(_ text: String) -> String { ShownText.line(text) }
