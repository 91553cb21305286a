import Events
import Testing

/// One bad event costs no good one, and nothing is lost.
@Suite struct DamagedPayloadTests {
    @Test(arguments: [#"{"b":}"#, #"{"b":"#, #"{"b":"x"#, "garbage", "\"", "{", "}", "\u{0}"])
    func aBadLineAmongGoodOnesCostsOnlyItself(bad: String) {
        for at in 0...3 {
            var lines = [#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#]
            var expected = lines
            lines.insert(bad, at: at)
            expected.insert("invalid_json", at: at)
            #expect(verdicts(lines.joined(separator: "\n") + "\n") == expected, "\(bad) at \(at)")
        }
    }

    @Test func aLineThatIsNotUTF8CostsOnlyItself() {
        let found = pieces(
            Array("{\"a\":1}\n{\"b\":\"".utf8) + [0xFF] + Array("\"}\n{\"c\":3}\n".utf8)
        )
        #expect(found.map(\.rejection) == [nil, .invalidUTF8, nil])
        #expect(found.map(\.string)[2] == #"{"c":3}"#)
    }

    @Test func aBrokenElementCostsOnlyItself() {
        #expect(
            verdicts(#"[{"a":1},{"b":},{"c":3},tru,{"d":"\x"},{"e":5}]"#)
                == [
                    #"{"a":1}"#, "invalid_json", #"{"c":3}"#, "invalid_json", "invalid_json",
                    #"{"e":5}"#,
                ]
        )
    }

    @Test func aMissingCommaCostsWhatFollows() {
        let found = pieces(#"[{"a":1} {"b":2},{"c":3}]"#)
        #expect(found.map(\.rejection) == [nil, .invalidJSON])
        #expect(found.map(\.string)[1] == #"{"b":2},{"c":3}]"#)
    }

    @Test func anUnclosedArrayKeepsItsWholeElements() {
        let found = pieces(#"[{"a":1},{"b":2},{"c":"#)
        #expect(found.map(\.rejection) == [nil, nil, .invalidJSON])
        #expect(found.map(\.string) == [#"{"a":1}"#, #"{"b":2}"#, #"{"c":"#])
    }

    @Test(arguments: ["[", "[[[[", #"[{"a":"#, "[}"])
    func anArrayThatGivesNothingIsKeptWithItsBracket(text: String) {
        #expect(pieces(text).map(\.string) == [text])
        #expect(pieces(text).map(\.rejection) == [.invalidJSON])
    }

    @Test func trailingGarbageIsAPieceOfItsOwn() {
        #expect(pieces(#"[{"a":1}] x"#).map(\.string) == [#"{"a":1}"#, "] x"])
        #expect(verdicts(#"[{"a":1}] x"#) == [#"{"a":1}"#, "invalid_json"])
        #expect(verdicts("{\"a\":1}\n}") == [#"{"a":1}"#, "invalid_json"])
    }

    @Test func twoObjectsOnALineAreNeither() {
        let found = pieces("{\"a\":1}\n{\"b\":1}{\"b\":2}\n{\"c\":1}\n")
        #expect(found.map(\.rejection) == [nil, .invalidJSON, nil])
        #expect(found.map(\.string)[1] == #"{"b":1}{"b":2}"#)
        #expect(verdicts(#"{"a":1} {"b":2}"#) == ["invalid_json"])
    }

    @Test func aBrokenPrettyPrintedObjectStaysInOnePiece() {
        let text = "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\":\n}"
        #expect(pieces(text).map(\.string) == [text])
        #expect(verdicts(text) == ["invalid_json"])
    }

    /// A line inside a damaged object is never extracted from it.
    @Test(arguments: ["", "  "], ["NaN", "1,", "'x'", "tru", #""\ud83d""#])
    func noPartOfADamagedObjectIsAnEvent(indent: String, bad: String) {
        func order(_ total: String) -> String {
            "{\n\(indent)\"total\": \(total),\n\(indent)\"items\": [\n\(indent){\"sku\":1},\n"
                + "\(indent){\"sku\":2}\n\(indent)],\n\(indent)\"user\":\n\(indent){\"id\":1}\n}"
        }
        #expect(
            verdicts([order("1"), order(bad), order("2")].joined(separator: "\n"))
                == [order("1"), "invalid_json", order("2")]
        )
        #expect(verdicts(order(bad)) == ["invalid_json"])
        let cut = String(order("1").dropLast(indent.utf8.count + 12))
        #expect(verdicts("\(order("1"))\n\(cut)") == [order("1"), "invalid_json"])
    }

    @Test(arguments: [
        "{\"user\":\n{\"id\":7}", "{\"list\":[\n{\"id\":7}", "{\"list\":[{},\n{\"id\":7}\n",
    ])
    func theLastPartOfAnObjectThatIsCutOffIsNoEvent(text: String) {
        #expect(pieces(text).allSatisfy { !$0.isEvent })
    }

    @Test func objectsThatCannotBeSeparatedAreOnePiece() {
        let bad = "{\n\"items\": [\n{\"sku\":1}\n,\"total\":5}"
        let text = "{\n\"a\":1\n}\n\(bad)\n{\n\"b\":1\n}"
        #expect(pieces(text).map(\.string) == ["{\n\"a\":1\n}", "\(bad)\n{\n\"b\":1\n}"])
        #expect(pieces(text).map(\.rejection) == [nil, .invalidJSON])
    }

    @Test func objectsOfSeveralLinesMayStandAmongDamagedLines() {
        let printed = "{\n\"a\": [\n{\"b\":1}\n]\n}"
        let broken = "{\n\"a\": [\n{\"b\":1}\n],}"
        let lines = (0..<20).map { #"{"n":\#($0)}"# }
        let text = (lines + ["x", printed, broken, #"{"cut":["#] + lines).joined(separator: "\n")
        #expect(
            verdicts(text)
                == lines + ["invalid_json", printed, "invalid_json", "invalid_json"] + lines
        )
    }

    @Test func aByteOrderMarkIsPassedOver() {
        let mark = "\u{FEFF}"
        #expect(verdicts("\(mark)[\n{\"a\":1},\n{\"b\":2}\n]") == [#"{"a":1}"#, #"{"b":2}"#])
        #expect(verdicts("\(mark){\"a\":1}\n{\"b\":2}\n") == [#"{"a":1}"#, #"{"b":2}"#])
        #expect(verdicts("\(mark)\r\n{\"a\":1}") == [#"{"a":1}"#])
        #expect(
            verdicts("\(mark){\"a\":}\n\(mark){\"b\":2}\n{\"c\":3}\n{\"d\":4}")
                == ["invalid_json", "invalid_json", #"{"c":3}"#, #"{"d":4}"#]
        )
        #expect(pieces(mark).map(\.string) == [mark])
    }

    @Test func tooLargeEventsAreRejectedAloneAndTheLimitItselfIsNot() {
        let limits = PayloadLimits(eventBytesMax: 20, eventsMax: 10, depthMax: 8)
        let fits = #"{"a":"0123456789ab"}"#
        let over = #"{"a":"0123456789abc"}"#
        #expect(fits.utf8.count == 20)
        for text in [
            "\(fits)\n\(over)\n\(fits)", "[\(fits),\(over),\(fits)]",
            #"{"batch":[\#(fits),\#(over),\#(fits)]}"#,
        ] {
            #expect(verdicts(text, limits: limits) == [fits, "too_large", fits])
        }
    }

    @Test func tooDeepEventsAreRejectedAloneAndTheLimitItselfIsNot() {
        let limits = PayloadLimits(eventBytesMax: 1_000, eventsMax: 10, depthMax: 4)
        let fits = #"{"a":[[{}]]}"#
        let over = #"{"a":[[[{}]]]}"#
        #expect(
            verdicts("\(fits)\n\(over)\n\(fits)\n", limits: limits) == [fits, "too_deep", fits]
        )
        #expect(verdicts("[\(fits),\(over),\(fits)]", limits: limits) == [fits, "too_deep", fits])
        let abyss = String(repeating: "[", count: 200_000)
        #expect(verdicts(#"{"a":\#(abyss)"#, limits: limits) == ["too_deep"])
    }

    @Test(arguments: [
        #"{"_touchpoint":{}}"#, #"{"a":1,"\u005ftouchpoint":null}"#, #"{"_touch\u0070oint":1}"#,
        #"{"batch":[{}],"_touchpoint":1}"#,
    ])
    func theReservedKeyIsRejectedHoweverItIsSpelled(text: String) {
        #expect(pieces(text).map(\.rejection) == [.reservedKey])
        #expect(pieces(text).map(\.string) == [text])
        #expect(verdicts("{}\n\(text)\n{}") == ["{}", "reserved_key", "{}"])
        #expect(verdicts("[{},\(text),{}]") == ["{}", "reserved_key", "{}"])
    }

    @Test func theReservedKeyBelowTheTopIsNone() {
        #expect(verdicts(#"{"a":{"_touchpoint":1}}"#) == [#"{"a":{"_touchpoint":1}}"#])
        #expect(verdicts(#"{"batch":[{"_touchpoint":1},{}]}"#) == ["reserved_key", "{}"])
    }

    @Test(arguments: [
        #"{"a":"\ud800"}"#, #"{"a":"\udc00"}"#, #"{"a":"\ud800\ud800"}"#, #"{"\udfff":1}"#,
        #"{"a":"\ud800x"}"#, #"{"a":"\ud800\n"}"#, #"{"a":1e400}"#, #"{"a":-1e400}"#,
    ])
    func whatOtherReadersRefuseIsRefused(text: String) {
        #expect(verdicts(text) == ["invalid_json"])
    }

    @Test func numbersOfAnyLengthAreKept() {
        let digits = String(repeating: "9", count: 290)
        for number in [
            "18446744073709551616", "-9223372036854775809", digits, "0.\(digits)", "1e-400",
            "1e308", "-0",
        ] {
            let text = #"{"a":\#(number)}"#
            #expect(verdicts(text) == [text])
        }
    }

    @Test func tooManyEventsAreOneRejectionInEveryForm() {
        let limits = PayloadLimits(eventBytesMax: 1_000, eventsMax: 5, depthMax: 8)
        let six = Array(repeating: "{}", count: 6)
        let five = Array(repeating: "{}", count: 5)
        for (open, separator, close) in [
            ("", "\n", "\n"), ("[", ",", "]"), ("{\"batch\":[", ",", "]}"),
        ] {
            let fits = open + five.joined(separator: separator) + close
            #expect(verdicts(fits, limits: limits) == five, "\(fits)")
            let over = open + six.joined(separator: separator) + close
            #expect(pieces(over, limits: limits).map(\.rejection) == [.tooManyEvents], "\(over)")
            #expect(pieces(over, limits: limits).map(\.string) == [over])
        }
        let scalars = Array(repeating: "1", count: 6).joined(separator: "\n")
        #expect(verdicts(scalars, limits: limits) == ["too_many_events"])
    }

    @Test func aDamagedPayloadHasNoMorePiecesThanTheLimitAndOneForTheRest() {
        let limits = PayloadLimits(eventBytesMax: 1_000, eventsMax: 5, depthMax: 8)
        let elements = "[" + Array(repeating: "{}", count: 9).joined(separator: ",") + ",x]"
        let found = pieces(elements, limits: limits)
        #expect(found.count <= 6)
        #expect(found.last?.rejection == .tooManyEvents)
        let batches = Array(repeating: #"{"batch":[{},{}]}"#, count: 4).joined(separator: "\n")
        #expect(
            verdicts(batches, limits: limits)
                == ["{}", "{}", "{}", "{}", "too_many_events", "too_many_events"]
        )
    }

    @Test func anEnvelopeCannotMultiplyItself() {
        let limits = PayloadLimits(eventBytesMax: 1_000, eventsMax: 100_000, depthMax: 8)
        let context = #"{"x":"\#(String(repeating: "y", count: 900))"}"#
        let events = Array(repeating: "{}", count: 1_000).joined(separator: ",")
        let payload = #"{"context":\#(context),"batch":[\#(events)]}"#
        let found = pieces(payload, limits: limits)
        #expect(found.count == 1_000)
        let handedDown = found.reduce(0) { $0 + $1.context.utf8.count }
        let allowed = 512 << 10 + 8 * payload.utf8.count + context.utf8.count
        #expect(handedDown <= allowed && handedDown > 512 << 10)
        #expect(found.last?.rejection == .tooLarge)
    }
}
