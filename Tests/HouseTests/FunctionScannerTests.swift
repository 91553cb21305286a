import Testing

@Suite struct FunctionScannerTests {
    private func functions(_ text: String) -> [FunctionScanner.Function] {
        FunctionScanner.functions(in: SourceFile("Sources/A/A.swift", text))
    }

    @Test func measuresFromKeywordToClosingBrace() {
        let found = functions(
            "struct A {\n    func f(\n        x: Int\n    ) {\n        g()\n    }\n}\n"
        )
        #expect(found == [.init(name: "f", line: 2, lines: 5)])
    }

    @Test func findsInitializersDeinitializersAndComputedProperties() {
        let text = """
            final class A {
                var stored = 1
                var computed: Int {
                    2
                }
                init?(_ x: Int) { return nil }
                deinit { close() }
            }
            """
        #expect(functions(text).map(\.name) == ["computed", "init", "deinit"])
        #expect(functions(text).map(\.lines) == [3, 1, 1])
    }

    @Test func ignoresDeclarationsWithoutBodyAndCallsOfInit() {
        let text = """
            protocol P {
                func one() throws
                var two: Int { get }
                init(three: Int)
                func four()
            }
            let a = A.init(1)
            if var b = c { b.d() }
            """
        #expect(functions(text).map(\.name) == ["two"])
    }

    @Test func looksPastClosuresInDefaultArguments() {
        let found = functions("func f(g: () -> Int = { 1 }) -> [Int] {\n  []\n}\n")
        #expect(found == [.init(name: "f", line: 1, lines: 3)])
    }

    @Test func bracesInTextDoNotCount() {
        let found = functions("func f() {\n  print(\"}\") // }\n  g()\n}\n")
        #expect(found == [.init(name: "f", line: 1, lines: 4)])
    }
}
