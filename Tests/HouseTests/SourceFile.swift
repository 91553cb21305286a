/// A text file of the project, or one made up for a test of a rule.
struct SourceFile {
    /// From the project's top folder, with `/`.
    let path: String
    let text: String
    /// `text` without the contents of comments and literals, where it is Swift; else `text`.
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

    /// The target whose sources this file is of; nil outside `Sources`.
    var target: String? {
        folders.count >= 2 && folders[0] == "Sources" ? folders[1] : nil
    }

    /// A finding for each line of which `says` has something to say.
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
