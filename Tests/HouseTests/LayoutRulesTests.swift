import Testing

@Suite struct LayoutRulesTests {
    private let manifest = SourceFile(
        "Package.swift",
        """
        .executable(name: "tool", targets: ["tool"]),
        .systemLibrary(name: "CZlib"),
        .target(name: "Ring", dependencies: [.product(name: "Other", package: "other")]),
        .executableTarget(
            name: "tool",
            dependencies: ["Ring"]
        ),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .executableTarget(
            name: "bench", dependencies: ["Ring"], path: "Benchmarks/bench"),
        """
    )

    @Test func readsTheTargetsOfAManifest() {
        #expect(LayoutRules.declaredTargets(in: manifest).map(\.name) == ["CZlib", "Ring", "tool"])
    }

    @Test func refusesTargetsWithoutFolderAndFoldersWithoutTarget() {
        let files = ["CZlib/m.h", "Ring/A.swift", "Attic/A.swift"].map {
            SourceFile("Sources/\($0)", "")
        }
        let found = LayoutRules.targets(manifest: manifest, files: files)
        #expect(found.map(\.path) == ["Package.swift", "Sources/Attic"])
        #expect(found.map(\.line) == [5, 1])
        let whole = files.dropLast() + [SourceFile("Sources/tool/main.swift", "")]
        #expect(LayoutRules.targets(manifest: manifest, files: Array(whole)).isEmpty)
    }

    @Test func refusesUnexplainedMakefileTargets() throws {
        let makefile = SourceFile(
            "Makefile",
            "A := b\nb := c\nbuild: setup ## Build it\n.build/x: y\nclean:\n\trm -rf x\n"
        )
        #expect(try LayoutRules.makefileTargets(in: makefile).map(\.line) == [5])
    }

    @Test func refusesConfigurationThatNoDocumentMentions() {
        let config = [SourceFile("config/a.yaml", ""), SourceFile("config/b.yaml", "")]
        let readme = SourceFile("README.md", "See config/a.yaml.")
        let found = LayoutRules.configurationIsDocumented(config + [readme])
        #expect(found.map(\.path) == ["config/b.yaml"])
        #expect(LayoutRules.configurationIsDocumented(config).isEmpty)
    }
}
