import Testing

@Suite struct SwiftTextTests {
    @Test(arguments: [
        ("let a = 1 // {\n}", "let a = 1\n}"),
        ("a /* { /* { */ } */ b", "a b"),
        (#"let s = "{" + t"#, #"let s = "" + t"#),
        (#"let s = "a\"{" + t"#, #"let s = "" + t"#),
        (##"let s = #"{"{"# + t"##, ##"let s = #""# + t"##),
        (#"print("\(f("{", { 1 })) {") }"#, #"print("") }"#),
        ("let s = \"\"\"\n  { \"\n  \"\"\"\n}", "let s = \"\"\"\n\n\"\"\"\n}"),
        ("let r = /[{]\\//; x", "let r = //; x"),
        ("let r = #/{/#; x", "let r = #//#; x"),
        ("let q = a / b / c {", "let q = a / b / c {"),
    ])
    func hidesWhatIsNoCode(text: String, expected: String) {
        #expect(squeezed(SwiftText.code(of: text)) == squeezed(expected))
    }

    @Test func keepsEveryLineInItsPlace() {
        let text = "a\n/* b\n c */ d\n\"\"\"\n e\n\"\"\"\nf"
        let code = SwiftText.code(of: text)
        #expect(code.utf8.count == text.utf8.count)
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).last == "f")
    }

    private func squeezed(_ text: String) -> String { text.filter { $0 != " " } }
}
