import Testing

@testable import Digest

@Suite struct ConstantTimeTests {
    @Test func comparesWholeTexts() {
        let text = Array("0123456789abcdef".utf8)
        #expect(ConstantTime.areEqual(text, text))
        #expect(ConstantTime.areEqual([], []))
        #expect(!ConstantTime.areEqual(text, Array(text.dropLast())))
        #expect(!ConstantTime.areEqual(text, text + [0]))
        for place in text.indices {
            var changed = text
            changed[place] ^= 0x80
            #expect(!ConstantTime.areEqual(text, changed))
        }
    }
}
