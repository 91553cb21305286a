import Testing

@Suite struct VerbRuleTests {
    private static let table = SourceFile(
        VerbRule.table,
        """
        enum VerbTable {
            static let seal = TypedVerb<SealAnswer>.changing("seal")
            static let verbs = [seal.verb]
        }
        """
    )

    private func user(_ path: String) -> SourceFile { SourceFile(path, "_ = VerbTable.seal\n") }

    @Test func twoFilesMayNameAVerb() {
        let files = [
            Self.table, user("Sources/Daemon/A.swift"), user("Sources/touchpointctl/B.swift"),
            user("Sources/Control/C.swift"), user("Tests/ControlTests/D.swift"),
        ]
        #expect(VerbRule.findings(in: files).isEmpty)
        let found = VerbRule.findings(in: files + [user("Sources/touchpointctl/E.swift")])
        #expect(found.map(\.line) == [2])
    }

    @Test func everyRowIsInTheList() {
        let text = Self.table.text.replacing("[seal.verb]", with: "[]")
        #expect(VerbRule.findings(in: [SourceFile(VerbRule.table, text)]).map(\.line) == [2])
    }
}
