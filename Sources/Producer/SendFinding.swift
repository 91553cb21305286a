/// An event, or piece of text, that the collector did not accept, and the reason.
package struct SendFinding: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Which side refused it, and what that means for the event.
    package enum Verdict: String, Codable, Sendable {
        /// This program did not send it.
        case refused
        /// The collector stored it in quarantine.
        case quarantined
        /// The collector accepted nothing of the message.
        case rejected
    }

    package let verdict: Verdict
    /// The file, if it was read from one.
    package let path: String?
    /// The line where it begins, from 1, if known.
    package let line: Int?
    /// The reason, in the collector's or this program's term.
    package let reason: String
    /// The reason as a sentence, if there is more to say.
    package let detail: String?

    package init(_ verdict: Verdict, at place: EventPlace?, reason: String, detail: String? = nil) {
        self.verdict = verdict
        path = place?.path
        line = place?.line
        self.reason = reason
        self.detail = detail
    }

    /// One line for people.
    package var description: String {
        let file = path.map { $0 == "-" ? "standard input" : $0 }
        let place = file.map { file in line.map { "\(file) line \($0)" } ?? file } ?? "an event"
        return "\(place): \(verdict.rawValue): \(reason)" + (detail.map { " (\($0))" } ?? "")
    }
}
