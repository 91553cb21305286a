import Testing

@Suite struct NamingRulesTests {
    @Test(arguments: [
        "Sources/Ring/Utils.swift", "Sources/Ring/RingHelpers.swift",
        "Tests/RingTests/Common.swift",
        "Sources/Ring/Ring+Util.swift", "Tests/EndToEnd/helpers.py",
    ])
    func refusesNamesThatSayNothing(path: String) {
        #expect(NamingRules.vagueNames(of: SourceFile(path, "")).count == 1)
    }

    @Test func acceptsNamesOfIdeas() {
        for path in [
            "Sources/Ring/RingBuffer.swift", "Sources/Pipeline/Committer.swift", "Makefile",
        ] {
            #expect(NamingRules.vagueNames(of: SourceFile(path, "")).isEmpty)
        }
    }

    @Test func testsStandWhereTheyAreLookedFor() {
        func lines(_ path: String, _ text: String) -> [Int] {
            NamingRules.testFiles(SourceFile(path, text)).map(\.line)
        }
        #expect(lines("Tests/RingTests/RingTests.swift", "@Suite struct RingTests {}").isEmpty)
        #expect(lines("Tests/RingTests/Ends.swift", "struct Ends {}").isEmpty)
        #expect(lines("Tests/RingTests/EmptyTests.swift", "struct EmptyTests {}") == [1])
        #expect(lines("Tests/RingTests/Ends.swift", "import Testing\n@Test func f() {}") == [2])
        #expect(lines("Tests/TestSupport/Ends.swift", "// @Test").isEmpty)
    }
}
