import Testing

@Suite struct PropertyRuleTests {
    private func lines(_ texts: String..., ratchet: [String: Int] = [:]) -> [Int] {
        let files = texts.enumerated().map { SourceFile("Sources/Ring/A\($0).swift", $1) }
        return PropertyRule.findings(in: files, ratchet: ratchet).map(\.line)
    }

    private func properties(_ count: Int, _ start: String = "    var") -> String {
        (0..<count).map { "\(start) p\($0) = 0\n" }.joined()
    }

    @Test(arguments: [
        "final class A {", "package actor A {", "struct A: ~Copyable {",
        "struct A {\n    mutating func f() { g() }", "package final class A: B,\n    C\n{",
        "@usableFromInline struct A: ~Copyable {",
    ])
    func refusesTypesThatChangeAndShowMuch(start: String) {
        let limit = PropertyRule.visibleMax
        #expect(lines("\n\(start)\n\(properties(limit))}\n").isEmpty)
        #expect(lines("\n\(start)\n\(properties(limit + 1))}\n") == [2])
    }

    @Test func acceptsPlainValues() {
        #expect(lines("struct A {\n\(properties(20))    func f() {}\n}\n").isEmpty)
        #expect(lines("struct A {\n\(properties(20, "    let"))}\n").isEmpty)
        #expect(lines("enum A {\n    struct B {\n\(properties(20))    }\n}\n").isEmpty)
    }

    @Test func extensionsCountWithTheirType() {
        let type = "struct A {\n\(properties(11))}\n"
        #expect(lines(type, "extension A {\n    mutating func f() {}\n}\n") == [1])
        #expect(lines(type, "extension B {\n    mutating func f() {}\n}\n").isEmpty)
        let nested =
            "extension A {\n    final class B {\n\(properties(11, "        var"))    }\n}\n"
        #expect(lines("struct A {}\n", nested) == [2])
    }

    @Test(arguments: [
        "    private let", "    fileprivate(set) var", "    private(set) package var",
        "    @Flag(help: \"\") package lazy var", "    weak var", "    let",
    ])
    func countsWhatOtherFilesSee(start: String) {
        let isHidden = start.contains("private let")
        let found = lines("final class A {\n\(properties(11, start))}\n")
        #expect(found == (isHidden ? [] : [1]))
    }

    @Test func countsNoComputedNoStaticAndNoLocalVariables() {
        let text = """
            final class A {
            \(properties(10))
                static let s = 1
                private var hidden = 0
                var computed: Int { 1 }
                package var long: [Int] {
                    var local = 0
                    let other = local
                    return [other]
                }
                init() {
                    let local = 0
                }
                enum B {
                    case c
                    var more: Int { 1 }
                }
            }
            """
        #expect(lines(text).isEmpty)
        #expect(lines(text.replacing("private var hidden", with: "var closure: () -> Int")) == [1])
    }

    @Test func aListedTypeMayOnlyShrink() {
        let text = "final class A {\n\(properties(12))}\n"
        #expect(lines(text, ratchet: ["Ring.A": 11]) == [1])
        #expect(lines(text, ratchet: ["Ring.A": 12]).isEmpty)
        #expect(lines(text, ratchet: ["Ring.A": 13]) == [1])
    }
}
