import Testing

@testable import Terminal

@Suite struct ProcessArgumentsTests {
    @Test func areReadableOnlyWhereTheSystemShowsThem() {
        #expect(ProcessArguments.areReadable())
        #expect(!ProcessArguments.areReadable(in: "/nonexistent"))
    }
}
