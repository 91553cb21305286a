/// The manifest, the Makefile and the documents match the files.
enum LayoutRules {
    /// Every folder in `Sources` is a declared target, and every target has its folder.
    static func targets(manifest: SourceFile, files: [SourceFile]) -> [Finding] {
        let folders = Set(files.compactMap(\.target))
        let declared = declaredTargets(in: manifest)
        let missing = declared.filter { !folders.contains($0.name) }.map {
            let message = "target '\($0.name)' has no folder in Sources: make one, or drop it"
            return Finding(path: manifest.path, line: $0.line, message: message)
        }
        let unknown = folders.subtracting(declared.map(\.name)).sorted().map {
            Finding(
                path: "Sources/\($0)",
                line: 1,
                message: "no target of the manifest: declare it in Package.swift, or remove it"
            )
        }
        return missing + unknown
    }

    /// Every target of the Makefile that people call has an explanation.
    static func makefileTargets(in makefile: SourceFile) throws -> [Finding] {
        let target = try Regex(#"^[a-z][a-z0-9-]*:(?!=)"#)
        return makefile.findings(in: makefile.lines) { line in
            guard let name = line.firstMatch(of: target), !line.contains(" ## ") else { return nil }
            return "'\(line[name.range])' is not explained: write ' ## ' and what it does behind it"
        }
    }

    /// Every file in `config` is mentioned in a document, if there are documents.
    static func configurationIsDocumented(_ files: [SourceFile]) -> [Finding] {
        let documents = files.filter { $0.path == "README.md" || $0.path.hasPrefix("docs/") }
        guard !documents.isEmpty else { return [] }
        return files.filter { $0.folders == ["config"] }
            .filter { file in !documents.contains { $0.text.contains(file.path) } }
            .map {
                let message = "no document mentions it: say in README.md or docs what it is for"
                return Finding(path: $0.path, line: 1, message: message)
            }
    }

    /// Returns the targets of `Sources` that a manifest declares, with their lines.
    static func declaredTargets(in manifest: SourceFile) -> [(name: String, line: Int)] {
        var declared: [(name: String, line: Int)] = []
        var opened = false
        for (index, line) in manifest.lines.enumerated() {
            let text = line.trimmingPrefix { $0 == " " }
            for start in [".target(", ".executableTarget(", ".systemLibrary("]
            where text.hasPrefix(start) {
                opened = true
            }
            guard opened, let name = text.firstMatch(of: /name: "([^"]+)"/) else { continue }
            opened = false
            if !text.contains("path:") { declared.append((String(name.1), index + 1)) }
        }
        return declared.filter { !hasOwnPath(line: $0.line, in: manifest) }
    }

    /// Whether the declaration has a `path:` before it ends.
    private static func hasOwnPath(line: Int, in manifest: SourceFile) -> Bool {
        manifest.lines.dropFirst(line - 1).prefix {
            !$0.trimmingPrefix { $0 == " " }.hasPrefix(")")
        }
        .contains { $0.contains("path:") }
    }
}
