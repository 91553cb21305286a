import Testing

@Suite struct WordingRulesTests {
    /// The lines with findings; one may have several.
    private func lines(_ text: String, path: String = "Sources/Events/A.swift") throws -> [Int] {
        Set(try WordingRules.banned(in: SourceFile(path, text)).map(\.line)).sorted()
    }

    @Test(arguments: [
        "let a = try" + "! f()", "let a = b as" + "! C", "let a = b" + "!", "f()" + "!.g()",
        "var a: Int" + "!", "@Test(.disa" + "bled(\"later\")) func f() {}",
        "throw XCT" + "Skip(\"no\")",
        "// TO" + "DO: finish", "let s = \"FIX" + "ME\"", "/// XX" + "X",
        "// see /wo" + "rk/design", "let path = \"/tm" + "p/wt/a\"",
    ])
    func refusesBannedWords(text: String) throws {
        #expect(try lines("let first = 1\n" + text + "\n") == [2])
    }

    @Test func acceptsNegationComparisonAndWhatIsOnlySaid() throws {
        let text = """
            if !a, b != c { try d() }
            // never try! it, as! they say; b!
            let s = "wait!" as? String
            let t = "/home/me/work/data"
            """
        #expect(try lines(text).isEmpty)
    }

    @Test func bannedTextCountsInDocumentsToo() throws {
        #expect(try lines("see\n/wo" + "rk/x", path: "docs/A.md") == [2])
        #expect(try lines("wait a moment" + "!", path: "docs/A.md").isEmpty)
    }

    @Test(arguments: [
        "/// Has the memory come that a search reads.", "    // An event that comes again.",
        "# Messages are sent again later.", "/// Takes one in, and gives its number.",
        "// The id stands behind the header.", "/// What came before it.",
        "    \"\"\"One a process is enough.", "/// Waits for ever.", "/// One lock, one a thread.",
    ])
    func refusesDialectInComments(text: String) throws {
        func lines(_ path: String) throws -> Set<Int> {
            Set(try WordingRules.comments(in: SourceFile(path, "x\n\(text)\n")).map(\.line))
        }
        #expect(try lines("Sources/Ring/A.swift") == [2])
        #expect(try lines("docs/A.md").isEmpty)
    }

    @Test func acceptsTheSameWordsInCodeAndOtherSenses() throws {
        let text = """
            let text = "it gives the line, and stands behind it"
            /// An escape stands for a byte; the writer gives up after the limit.
            // The file is read again.
            """
        #expect(try WordingRules.comments(in: SourceFile("Sources/Ring/A.swift", text)).isEmpty)
    }

    @Test func refusesPublicExceptRingsOneImport() throws {
        func lines(_ path: String, _ text: String) throws -> [Int] {
            try WordingRules.access(in: SourceFile(path, text)).map(\.line)
        }
        #expect(try lines("Sources/Ring/A.swift", "public import Synchronization").isEmpty)
        #expect(try lines("Sources/Events/A.swift", "public import Synchronization") == [1])
        #expect(try lines("Sources/Ring/A.swift", "package struct A {}\npublic struct B {}") == [2])
        #expect(try lines("Sources/Ring/A.swift", "// public knowledge").isEmpty)
    }
}
