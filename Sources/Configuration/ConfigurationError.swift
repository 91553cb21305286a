/// All problems of a configuration, in the order of the file.
///
/// `description` is the text for the user, one problem per line: `file:line: message`. The daemon
/// exits with code 78 on it, or keeps its old configuration on a reload. A retry does not help
/// until the file was changed.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A problem to correct.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The file as the user named it.
        package let file: String
        /// Counted from 1; nil if the problem concerns the whole file.
        package let line: Int?
        /// Counted from 1; only broken YAML has one.
        package let column: Int?
        /// The problem, and if it helps, a correct value.
        package let message: String

        /// `file:line: message`.
        package var description: String {
            let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
            return "\(file)\(place): \(message)"
        }
    }

    /// At least one, ordered by line.
    package let problems: [Problem]

    /// Every problem on its own line, for the user.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }

    init(_ problems: [Problem]) {
        precondition(!problems.isEmpty, "a configuration error without a problem")
        self.problems = problems
    }

    init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.init([Problem(file: file, line: line, column: column, message: message)])
    }
}

/// The reasons why a value is refused, before its position is known.
struct Complaint: Error {
    /// One reason; `line` only if it is not the line of the value itself.
    struct Reason {
        let line: Int?
        let text: String
    }

    let reasons: [Reason]

    init(_ text: String) {
        reasons = [Reason(line: nil, text: text)]
    }

    init(_ reasons: [Reason]) {
        self.reasons = reasons
    }
}
