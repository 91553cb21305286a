import Testing

@Suite struct LabelRuleTests {
    private func lines(_ text: String) -> [Int] {
        LabelRule.findings(in: SourceFile("Sources/Ring/A.swift", text)).map(\.line)
    }

    @Test(arguments: [
        "func f(_ a: Int, _ b: Int, _ c: Int) {}",
        "func f<A: B>(_ a: A, at b: Int, _ c: Int, of d: Int, _ e: Int)",
        "    init(_ a: Int, _ b: (Int, Int) -> Void, _ c: inout [Int: Int]) {}",
        "private init?(\n    _ a: Int = max(1, 2),\n    @Box _ b: Int,\n    _ c: @escaping () -> Void\n)",
    ])
    func refusesThreeParametersWithoutLabels(text: String) {
        #expect(lines("let first = 1\n" + text + "\n") == [2])
    }

    @Test func namesTheFunctionAndTheNumber() {
        let file = SourceFile("Tests/A/A.swift", "func f(_ a: Int, _ b: Int, _ c: Int, _ d: Int)")
        let message = LabelRule.findings(in: file).first?.message
        #expect(message?.hasPrefix("'f' has 4 parameters without label, at most 2") == true)
    }

    @Test(arguments: [
        "func f(_ a: Int, _ b: Int, of c: Int, in d: Int) {}",
        "func f(_ a: Int, body: (_ x: Int, _ y: Int, _ z: Int) -> Void, _ b: Int)",
        "init(a: Int, b: Int, c: Int) {}",
        "let a = A.init(_a, _b, _c)",
        "// func f(_ a: Int, _ b: Int, _ c: Int)",
        "func f(at _: Int, of _: Int, in _: Int)",
        "f(_ a: Int, _ b: Int, _ c: Int)",
    ])
    func acceptsTwoAndOtherText(text: String) {
        #expect(lines(text).isEmpty)
    }
}
