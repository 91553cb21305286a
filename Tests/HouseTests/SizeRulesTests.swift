import Testing

@Suite struct SizeRulesTests {
    private func file(lines: Int) -> SourceFile {
        SourceFile("Sources/Ring/Long.swift", String(repeating: "let a = 1\n", count: lines))
    }

    private func function(lines: Int) -> SourceFile {
        let body = String(repeating: "    step()\n", count: lines - 2)
        return SourceFile("Sources/Ring/Long.swift", "\nfunc long() {\n\(body)}\n")
    }

    @Test func refusesFilesAboveTheLimit() {
        #expect(SizeRules.fileLength(of: file(lines: SizeRules.fileLinesMax)).isEmpty)
        let found = SizeRules.fileLength(of: file(lines: SizeRules.fileLinesMax + 1))
        #expect(found.map(\.line) == [SizeRules.fileLinesMax + 1])
    }

    @Test func refusesFunctionsAboveTheLimit() {
        #expect(SizeRules.functionLength(in: function(lines: SizeRules.functionLinesMax)).isEmpty)
        let found = SizeRules.functionLength(in: function(lines: SizeRules.functionLinesMax + 1))
        #expect(found.map(\.line) == [2])
        #expect(found.first?.message.hasPrefix("'long' has 61 lines") == true)
    }

    @Test func medianIsTheMiddleOne() {
        #expect(SizeRules.median([9, 1, 5]) == 5)
        #expect(SizeRules.median([]) == 0)
    }
}
