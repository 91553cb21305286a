/// A text file of the project, or a sample for the test of a rule.
struct SourceFile {
    /// Relative to the project's top folder, with `/`.
    let path: String
    let text: String
    /// Swift: `text` without the contents of comments and literals; otherwise `text`.
    let code: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? SwiftText.code(of: text) : text
    }

    var lines: [Substring] { Self.lines(of: text) }
    var codeLines: [Substring] { Self.lines(of: code) }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The target that this source file belongs to; nil outside `Sources`.
    var target: String? {
        folders.count >= 2 && folders[0] == "Sources" ? folders[1] : nil
    }

    /// Returns a finding for each line for which `says` returns a message.
    func findings(
        in lines: [Substring],
        says: (Substring) throws -> String?
    ) rethrows -> [Finding] {
        try lines.enumerated().compactMap { index, line in
            try says(line).map { Finding(path: path, line: index + 1, message: $0) }
        }
    }

    private static func lines(of text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
