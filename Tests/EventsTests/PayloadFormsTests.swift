import Events
import Testing

/// The forms of a payload, and the events read from it.
@Suite struct PayloadFormsTests {
    /// Texts with escapes are stored in the reader's scratch, those of a burst side by side.
    @Test func unescapedTextsOfABurstStayApart() {
        let lines = (0..<40).map { number in
            #"{"channel":"we\u0062 \#(number)","\u0069d":"\"\#(number)","context":{"channel":"\n"}}"#
        }
        let batch =
            #"{"channel":"\t","context":{"channel":"b\\"},"batch":[{"id":"\r"},{"id":"\n"}]}"#
        let found = pieces((lines + [batch] + lines).joined(separator: "\n"))
        let expected = (0..<40).map { "web \($0)" }
        #expect(found.map(\.channel) == expected + ["\t", "\t"] + expected)
        #expect(found[40...41].map(\.id) == ["\r", "\n"])
        #expect(found[..<40].map(\.id) == (0..<40).map { "\"\($0)" })
    }

    @Test func anObjectIsOneEventWithItsBytes() throws {
        let text = #"{"type":"track", "n": [1, {"a": null}], "ü":"\u00fc"}"#
        let piece = try #require(pieces(text).first)
        #expect(pieces(text).count == 1 && piece.isEvent && piece.string == text)
        #expect(!piece.hasLineBreaks)
    }

    @Test func aPrettyPrintedObjectIsOneEvent() throws {
        let text = "{\n  \"type\": \"track\",\r\n  \"props\": {\n    \"a\": 1\n  }\n}"
        let found = pieces("\n \(text)\n\n")
        #expect(found.map(\.string) == [text])
        #expect(found.map(\.hasLineBreaks) == [true])
    }

    @Test(arguments: ["", "\n", "\r\n", "\n\n \n"])
    func linesAreEventsWithAndWithoutALastNewline(ending: String) {
        #expect(verdicts(#"{"a":1}"# + "\n" + #"{"b":2}"# + ending) == [#"{"a":1}"#, #"{"b":2}"#])
    }

    @Test func linesMayEndInCarriageReturnsAndBlankLinesAreIgnored() {
        #expect(
            verdicts("\r\n{\"a\":1}\r\n\r\n  \t\r\n{\"b\":2}\r\n\n") == [#"{"a":1}"#, #"{"b":2}"#]
        )
    }

    @Test func anArraysElementsAreEvents() {
        #expect(
            verdicts(" [ {\"a\":1} ,\n{\"b\":[2,{}]},{} ] \n")
                == [#"{"a":1}"#, #"{"b":[2,{}]}"#, "{}"]
        )
    }

    @Test func arraysInArraysAreNoEvents() {
        #expect(
            verdicts(#"[{"a":1},[{"b":2}],3,{"c":3}]"#)
                == [#"{"a":1}"#, "not_an_object", "not_an_object", #"{"c":3}"#]
        )
    }

    @Test func anEmptyArrayHoldsNoEvents() {
        #expect(verdicts("[]").isEmpty)
        #expect(verdicts(" [ \n] ").isEmpty)
    }

    @Test(arguments: ["", " ", "\r\n\t "])
    func nothingAtAllIsInvalid(text: String) {
        #expect(pieces(text).map(\.rejection) == [.invalidJSON])
        #expect(pieces(text).map(\.string) == [text])
    }

    @Test(arguments: ["1", #""text""#, "null", "true", "-0.5e3"])
    func aValueThatIsNoObjectIsNoEvent(text: String) {
        #expect(verdicts(text) == ["not_an_object"])
        #expect(verdicts("{}\n\(text)\n{}") == ["{}", "not_an_object", "{}"])
    }

    @Test func aBatchHandsDownWhatItsEventsLack() {
        let batch =
            #"{"batch":[{"a":1},{"a":2,"context":{"channel":"own"},"sentAt":"s2"},{"a":3,"sentAt":null}],"#
            + "\"context\": {\n\"channel\":\"web\"} ,\"sentAt\":\"s1\",\"writeKey\":\"k\"}"
        let found = pieces(batch)
        #expect(
            found.map(\.string) == [
                #"{"a":1}"#, #"{"a":2,"context":{"channel":"own"},"sentAt":"s2"}"#,
                #"{"a":3,"sentAt":null}"#,
            ]
        )
        let context = "{\n\"channel\":\"web\"}"
        #expect(found.map(\.context) == [context, "", context])
        #expect(found.map(\.sentAt) == [#""s1""#, "", ""])
        #expect(found.map(\.channel) == ["web", "own", "web"])
    }

    @Test func batchesMayStandAmongLines() {
        let text =
            #"{"a":1}"# + "\n" + #"{"batch":[{"b":1},{"b":2}],"sentAt":"x"}"# + "\n" + #"{"c":1}"#
            + "\n"
            + #"{"batch":[{"d":1}]}"# + "\n" + #"{"e":1}"#
        let found = pieces(text)
        #expect(
            found.map(\.string) == [
                #"{"a":1}"#, #"{"b":1}"#, #"{"b":2}"#, #"{"c":1}"#, #"{"d":1}"#, #"{"e":1}"#,
            ]
        )
        #expect(found.map(\.sentAt) == ["", #""x""#, #""x""#, "", "", ""])
    }

    @Test(arguments: [
        #"{"batch":[]}"#, #"{"batch":5}"#, #"{"batch":[{},1]}"#, #"{"batch":[[{}]]}"#,
    ])
    func aBatchOfAnythingButObjectsIsAnEventItself(text: String) {
        #expect(verdicts(text) == [text])
    }

    @Test func ofTwoBatchesNoneIsLost() {
        let text = #"{"batch":[{"a":1}],"batch":[{"b":2}]}"#
        #expect(verdicts(text) == [text])
    }

    @Test func aBatchInsideAnArrayOrABatchIsAnEvent() {
        #expect(verdicts(#"[{"batch":[{"a":1}]}]"#) == [#"{"batch":[{"a":1}]}"#])
        #expect(verdicts(#"{"batch":[{"batch":[{"a":1}]}]}"#) == [#"{"batch":[{"a":1}]}"#])
    }

    @Test func recognisesFieldsInTheirOrderOfPreference() throws {
        let first = try #require(
            pieces(
                #"{"id":"i","type":"t","time":"3","originalTimestamp":"2","context":{"channel":"c2"}}"#
            ).first
        )
        #expect(first.id == "i" && first.name == "t" && first.time == "2" && first.channel == "c2")
        let second = try #require(
            pieces(
                #"{"messageId":"m","id":"i","event":"e","type":"t","timestamp":"1","time":"3","channel":"c1","context":{"channel":"c2"}}"#
            ).first
        )
        #expect(second.id == "m" && second.name == "e" && second.time == "1")
        #expect(second.channel == "c1")
    }

    @Test func fieldsAreUnescapedAndWrongTypesIgnored() throws {
        let piece = try #require(
            pieces(
                #"{"ch\u0061nnel":"\u0077\ud83d\ude00\n\"","event":5,"type":"","id":null,"messageId":["x"],"time":{}}"#
            ).first
        )
        #expect(piece.channel == "w😀\n\"")
        #expect(piece.name.isEmpty && piece.id.isEmpty && piece.time.isEmpty)
    }

    @Test func readersAreUsedAgainWithoutTracesOfTheLastPayload() {
        var reader = PayloadReader(limits: PayloadLimits())
        _ = pieces(
            Array(#"{"batch":[{"a":1}],"sentAt":"x","context":{"channel":"old"}}"#.utf8),
            &reader
        )
        let found = pieces(Array("[{}]".utf8), &reader) + pieces(Array("{}\n{}".utf8), &reader)
        #expect(found.map(\.sentAt) == ["", "", ""] && found.map(\.channel) == ["", "", ""])
    }
}
