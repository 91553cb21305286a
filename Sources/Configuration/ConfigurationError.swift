/// Everything that is wrong with a configuration, in the order of the file.
///
/// `description` is what the user sees, one problem a line: `file:line: message`. The daemon
/// leaves with exit code 78 on it, or keeps its old configuration on a reload. Trying again does
/// not help until the file was changed.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    /// One thing to correct.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The file as the user named it.
        package let file: String
        /// Counted from 1; nil when the file as a whole is meant.
        package let line: Int?
        /// Counted from 1; only broken YAML has one.
        package let column: Int?
        /// What is wrong, and where it helps, what would be right.
        package let message: String

        /// `file:line: message`.
        package var description: String {
            let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
            return "\(file)\(place): \(message)"
        }
    }

    /// At least one, ordered by line.
    package let problems: [Problem]

    /// Every problem on a line of its own, for the user.
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

/// What one value is refused for, before it is known where the value stands.
struct Complaint: Error {
    /// One reason; `line` only where it is not the line of the value itself.
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
