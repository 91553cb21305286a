import Glibc
import Producer

/// How far it has come, in one line on standard error that is written over and over.
///
/// This is where `Terminal.ProgressBar` goes: one that conforms to ``ProgressSink`` takes its
/// place.
struct ProgressLine: ProgressSink {
    /// False when standard error is no terminal.
    let isShown: Bool

    mutating func update(sent: Int, acknowledged: Int?, total: Int?) {
        guard isShown else { return }
        var text = "\r\u{1b}[Ksent \(sent)"
        if let total { text += " of \(total)" }
        if let acknowledged { text += ", answered \(acknowledged)" }
        StandardError.write(text)
        if let total, (acknowledged ?? sent) >= total { StandardError.write("\n") }
    }
}

/// Text for the person at the terminal, apart from the summary.
enum StandardError {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
