/// Something that did not become an event of the collector: which, and why.
package struct SendFinding: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Who said no, and what that means for the event.
    package enum Verdict: String, Codable, Sendable {
        /// This program did not send it.
        case refused
        /// The collector keeps it, as unacceptable.
        case quarantined
        /// The collector took nothing of the message.
        case rejected
    }

    package let verdict: Verdict
    /// The file, if it came from one.
    package let path: String?
    /// The line it begins in, from 1, if that is known.
    package let line: Int?
    /// The collector's word for it, or this program's.
    package let reason: String
    /// The reason in a sentence, if there is more to say.
    package let detail: String?

    package init(_ verdict: Verdict, at place: EventPlace?, reason: String, detail: String? = nil) {
        self.verdict = verdict
        path = place?.path
        line = place?.line
        self.reason = reason
        self.detail = detail
    }

    /// One line for a person.
    package var description: String {
        let file = path.map { $0 == "-" ? "standard input" : $0 }
        let place = file.map { file in line.map { "\(file) line \($0)" } ?? file } ?? "an event"
        return "\(place): \(verdict.rawValue): \(reason)" + (detail.map { " (\($0))" } ?? "")
    }
}
