/// What is wrong in a file of a plan, or what its authors should look at.
package struct PlanProblem: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    /// Counted from 1; nil for the whole file.
    package let line: Int?
    package let message: String
    /// Whether the plan can be used nevertheless.
    package let isWarning: Bool

    package init(file: String, line: Int?, _ message: String, isWarning: Bool = false) {
        self.file = file
        self.line = line
        self.message = message
        self.isWarning = isWarning
    }

    /// `file:line: message`.
    package var description: String {
        let place = line.map { ":\($0)" } ?? ""
        return "\(file)\(place): \(isWarning ? "warning: " : "")\(message)"
    }
}
