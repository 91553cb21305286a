/// A file is named after its subject; a test file after the type it tests.
enum NamingRules {
    private static let vague = ["Utils", "Util", "Helpers", "Helper", "Common", "Misc"]

    static func vagueNames(of file: SourceFile) -> [Finding] {
        let words = file.name.split(separator: ".").first?.split { "+-_".contains($0) } ?? []
        let isVague = vague.contains { word in
            words.contains { $0.hasSuffix(word) || $0.lowercased() == word.lowercased() }
        }
        guard isVague else { return [] }
        return [
            Finding(path: file.path, line: 1, message: "says nothing: name the file for its idea")
        ]
    }

    /// Tests are in `<Type>Tests.swift`, and such a file contains tests.
    static func testFiles(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.folders.first == "Tests", file.folders.count > 1,
            file.folders[1].hasSuffix("Tests")
        else { return [] }
        let isNamed = file.name.hasSuffix("Tests.swift")
        let marks = file.codeLines.firstIndex { $0.contains("@Suite") || $0.contains("@Test") }
        if isNamed, marks == nil {
            let message = "has no test: give it one, or name it for what it holds"
            return [Finding(path: file.path, line: 1, message: message)]
        }
        if !isNamed, let marks {
            let message =
                "tests stand in files named <Type>Tests.swift: rename it, or move the tests"
            return [Finding(path: file.path, line: marks + 1, message: message)]
        }
        return []
    }
}
