import Testing

/// Checks the rules of the house against the project's files.
@Suite struct HouseTests {
    private static let tree = Result { try SourceTree.files() }
    private let files: [SourceFile]

    init() throws {
        files = try Self.tree.get()
        try #require(
            files.contains { $0.path == "Package.swift" },
            "no project at \(SourceTree.root)"
        )
        try #require(files.count { $0.isSwift } > 50, "only some of the project was found")
    }

    @Test func targetsImportOnlyWhatStandsBelow() {
        report(files.flatMap(ImportRule.findings(in:)))
    }

    @Test func filesAreShort() {
        report(files.flatMap(SizeRules.fileLength(of:)))
        let lengths = files.filter { $0.isSwift && $0.target != nil }.map(SizeRules.lineCount(of:))
        print(
            "house: \(lengths.count) source files, median \(SizeRules.median(lengths)) lines, "
                + "longest \(lengths.max() ?? 0)"
        )
    }

    @Test func functionsAreShort() {
        report(files.flatMap(SizeRules.functionLength(in:)))
        let lengths = files.filter { $0.isSwift && $0.target != nil }
            .flatMap { FunctionScanner.functions(in: $0).map(\.lines) }
        print(
            "house: \(lengths.count) functions, median \(SizeRules.median(lengths)) lines, "
                + "longest \(lengths.max() ?? 0)"
        )
    }

    @Test func callsLabelTheirArguments() { report(files.flatMap(LabelRule.findings(in:))) }

    @Test func typesThatChangeShowLittle() { report(PropertyRule.findings(in: files)) }

    @Test func noBannedWords() throws { report(try files.flatMap(WordingRules.banned(in:))) }

    @Test func commentsUsePlainTerms() throws {
        report(try files.flatMap(WordingRules.comments(in:)))
    }

    @Test func nothingIsPublic() throws { report(try files.flatMap(WordingRules.access(in:))) }

    @Test func aVerbIsWrittenInThreeFiles() { report(VerbRule.findings(in: files)) }

    @Test func filesAreNamedForTheirIdea() { report(files.flatMap(NamingRules.vagueNames(of:))) }

    @Test func testsStandInFilesNamedForThem() { report(files.flatMap(NamingRules.testFiles)) }

    @Test func foldersAreDeclaredTargets() throws {
        let manifest = try #require(files.first { $0.path == "Package.swift" })
        report(LayoutRules.targets(manifest: manifest, files: files))
    }

    @Test func makefileExplainsItsTargets() throws {
        let makefile = try #require(files.first { $0.path == "Makefile" })
        report(try LayoutRules.makefileTargets(in: makefile))
    }

    @Test func configurationFilesAreDocumented() {
        report(LayoutRules.configurationIsDocumented(files))
    }

    private func report(_ findings: [Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }
}
