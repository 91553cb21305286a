import Terminal
import Testing

/// Characters that control a terminal, or make a text look like another one, are not printed.
@Suite struct ShownTextTests {
    private static let unsafe = [
        "\u{0}", "\u{7}", "\n", "\r", "\t", "\u{1B}", "\u{7F}", "\u{9B}", "\u{AD}", "\u{61C}",
        "\u{200B}",
        "\u{200D}", "\u{200E}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{2066}", "\u{2069}",
        "\u{3164}",
        "\u{FE0F}", "\u{FEFF}", "\u{E0041}",
    ]

    @Test(arguments: unsafe)
    func unsafeTextIsReplaced(text: String) {
        #expect(ShownText.line("a\(text)b") == "a?b")
    }

    @Test(arguments: ["plain", "Zürich", "e\u{301}", "世界", "a=b/c\"d\\", "😀", " ", ""])
    func allElseStays(text: String) {
        #expect(ShownText.line(text) == text)
        #expect(ShownText.json(text) == text)
    }

    @Test func linesStayLines() {
        #expect(ShownText.lines("a\u{1B}[2J\nb\r\u{202E}\n\nc\n") == "a?[2J\nb??\n\nc\n")
    }

    @Test func jsonStaysTheSame() {
        #expect(
            ShownText.json("{\"a\":\"x\u{202E}\u{9B}\u{7F}\"}") == #"{"a":"x\u202e\u009b\u007f"}"#
        )
        #expect(ShownText.json("\"\u{E0041}\"") == #""\udb40\udc41""#)
        #expect(ShownText.json("{\n\t\"a\":1}") == "{\n\t\"a\":1}")
        #expect(ShownText.json("\u{1B}[2J") == #"\u001b[2J"#)
    }
}
