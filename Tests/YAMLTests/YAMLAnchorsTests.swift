import Testing
import YAML

/// A file of ours has no anchors, and so no aliases that multiply.
@Suite struct YAMLAnchorsTests {
    @Test(arguments: [
        ("a: &x 1", 1), ("&x a: 1", 1), ("a: [1, &x 2]", 1), ("a: {&x b: 1}", 1),
        ("# &no\na:\n  - &x 1\n", 3),
        ("a: 'it''s' \nb: &x 1", 2), (#"a: "\"" "# + "\nb: &x 1", 2),
        (#"a: "\\" "# + "\nb: &x 1", 2),
        ("? &x a\n: 1", 1), ("a: it's\nb: &x 1", 2),
    ])
    func anAnchorIsFound(yaml: String, line: Int) {
        #expect(YAMLAnchors.firstLine(in: yaml) == line)
    }

    @Test(arguments: [
        "", "a: 1", "a: 'x &y'", "a: \"x &y\"", "a: \"\\\" &y\"", "a: x&y", "a: 1 # &y",
        "bind: [\"tcp://127.0.0.1:*\"]",
        "a: 'b\n  &c'\nd: 1",
    ])
    func allElseIsNone(yaml: String) {
        #expect(YAMLAnchors.firstLine(in: yaml) == nil)
    }

    /// Nine lines that expand to three billion values, in the place of a key as well.
    @Test func aliasesThatMultiplyAreRefusedAtOnce() {
        var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let inner = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            yaml += "a\(level): &a\(level) [\(inner)]\n"
        }
        #expect {
            try YAMLText.compose(yaml + "? *a9\n: 1\n")
        } throws: { error in
            guard let failure = error as? YAMLFailure else { return false }
            return failure.line == 1 && failure.message.hasPrefix("anchors (&name)")
        }
    }
}
