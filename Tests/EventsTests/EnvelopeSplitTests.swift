import Events
import Testing

/// Events that are elements of a list in an object.
@Suite struct EnvelopeSplitTests {
    private func split(_ text: String, keep: [String]? = nil, messageBytes: Int? = nil) -> String? {
        var splitter = EnvelopeSplit(depthMax: 64)
        let bytes = Array(text.utf8)
        let rule = EnvelopeSplit.Rule(list: "events", kept: keep)
        return bytes.withUnsafeBytes {
            splitter.split($0, by: rule, messageBytes: messageBytes ?? bytes.count)
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"events":[{"a":1},{}],"c":"x"}"#, #"[{"a":1,"c":"x"},{"c":"x"}]"#),
        // Its own members count, also as null; of doubled ones of the object the first.
        (#"{"c":1,"events":[{"c":null},{"d":2}],"c":2}"#, #"[{"c":null},{"d":2,"c":1}]"#),
        (
            "{\n \"events\" : [ {\"a\" : [1,{\"b\":2}]} \n, {\"s\":\"},{\\\"\"} ] }",
            #"[{"a" : [1,{"b":2}]},{"s":"},{\""}]"#
        ),
        (#"{"events":[{"a":1}],"n":{"events":[1]}}"#, #"[{"a":1,"n":{"events":[1]}}]"#),
    ])
    func elementsGetTheOtherMembers(text: String, expected: String) {
        #expect(split(text) == expected)
    }

    @Test func onlyWhatIsKeptIsHandedDown() {
        let text = #"{"events":[{"a":1},{"b":2}],"b":1,"c":2}"#
        #expect(split(text, keep: ["b"]) == #"[{"a":1,"b":1},{"b":2}]"#)
        #expect(split(text, keep: []) == #"[{"a":1},{"b":2}]"#)
    }

    /// Nothing is lost of what is no such object: it stays as it is.
    @Test(arguments: [
        "", "{}", "[]", #"{"events":[]}"#, #"{"events":{}}"#, #"{"events":[1]}"#,
        #"{"events":[{},"x"]}"#,
        #"{"events":[{}],"events":[{}]}"#, #"{"_touchpoint":1,"events":[{}]}"#,
        #"[{"events":[{}]}]"#,
        #"{"events":[{}]}{"events":[{}]}"#, #"{"events":[{}]"#, #"{"events":[{},]}"#,
        #"{"event\u0073":[{}]}"#,
        "{\"events\":[{}]}\n{\"a\":1}",
    ])
    func otherTextsStay(text: String) {
        #expect(split(text) == nil)
    }

    /// Strings with brackets and quotes do not end an element.
    @Test func everyElementIsThere() {
        let texts = (0..<500).map { #"{"t":"it's ] a \"q\" [ } \#($0)","u":["]",{"x":"}"}]}"# }
        #expect(
            split(#"{"events":["# + texts.joined(separator: ",") + "]}") == "["
                + texts.joined(separator: ",") + "]"
        )
    }

    /// Copies are bounded by the message, and so is the search for members.
    @Test func copiesAreBounded() {
        let large = String(repeating: "x", count: 60_000)
        let elements = Array(repeating: "{}", count: 5_000).joined(separator: ",")
        #expect(split(#"{"c":"\#(large)","events":[\#(elements)]}"#) == nil)
        #expect(split(#"{"c":"x","events":[\#(elements)]}"#)?.count ?? 0 > 5_000 * 9)
        let members = (0..<65).map { #""m\#($0)":1"# }.joined(separator: ",")
        #expect(split(#"{\#(members),"events":[{}]}"#) == nil)
    }
}
