import Events
import Testing

/// Batches: one bad element costs no good one, and the envelope's fields apply.
@Suite struct DamagedBatchTests {
    @Test(arguments: [
        #"{"b":"\ud83d"}"#, #"{"b":}"#, #"{"b":NaN}"#, "undefined", "", #"{"b":1,}"#,
        "{\"b\":\"\u{1}\"}",
        "{\"b\":\"1\n2\"}",
    ])
    func aBadElementCostsOnlyItself(bad: String) {
        for at in 0...3 {
            var events = [#"{"a":1}"#, #"{"b":"]}"}"#, #"{"c":3}"#]
            var expected = events
            events.insert(bad, at: at)
            expected.insert("invalid_json", at: at)
            let list = events.joined(separator: ",")
            for text in [
                #"{"batch":[\#(list)]}"#, "{\n \"x\": [\"]\"],\n \"batch\": [\n\(list)\n ]\n}\n",
            ] {
                #expect(verdicts(text) == expected, "\(bad) at \(at)")
                #expect(verdicts("{}\n\(text)\n{\"z\":1}") == ["{}"] + expected + [#"{"z":1}"#])
            }
        }
    }

    @Test func whatIsAroundADamagedBatchIsHandedDown() {
        for text in [
            #"{"batch":[{"a":1},{"a":},{"a":2}],"channel":"c","sentAt":"s","context":{"k":[1]}}"#,
            #"{"context":{"k":[1]},"sentAt":"s","channel":"c","batch":[{"a":1},{"a":},{"a":2}]}"#,
        ] {
            let found = pieces(text)
            #expect(found.map(\.rejection) == [nil, .invalidJSON, nil])
            #expect(found.map(\.context) == [#"{"k":[1]}"#, "", #"{"k":[1]}"#])
            #expect(found.map(\.sentAt) == [#""s""#, "", #""s""#])
            #expect(found.map(\.channel) == ["c", "", "c"])
        }
    }

    @Test(arguments: [
        #"{"batch":[{"a":1},{"a":}],"context":{"k":NaN}}"#, #"{"batch":[{"a":1},{"b":2},{"c":"#,
        #"{"batch":[{"a":1},7,{"a":}]}"#, #"{"batch":[{"a":}],"batch":[{"b":1}]}"#,
        #"{"batch":[{"a":1},{"a":}],"_touchpoint":1}"#, #"{"a":"batch","b":[{},{"c":}]}"#,
        #"{"batch":{"batch":[{},{"c":}]}}"#, #"{"batch":[{"a":1} {"b":2}]"#,
    ])
    func anEnvelopeThatIsDamagedItselfStaysInOnePiece(text: String) {
        #expect(pieces(text).map(\.string) == [text])
        #expect(pieces(text).map(\.isEvent) == [false])
    }

    @Test func depthCountsFromTheEvent() {
        let limits = PayloadLimits(eventBytesMax: 1_000, eventsMax: 10, depthMax: 4)
        let fits = #"{"a":[[{}]]}"#
        let over = #"{"a":[[[{}]]]}"#
        #expect(verdicts(#"{"batch":[\#(fits),{}]}"#, limits: limits) == [fits, "{}"])
        #expect(
            verdicts(#"{"batch":[\#(fits),\#(over),{"b":1}]}"#, limits: limits)
                == [fits, "too_deep", #"{"b":1}"#]
        )
        // An object with a `batch` that is not a batch is itself an event.
        let event = #"{"batch":[{"a":[[1]]}]}"#
        #expect(verdicts("[\(event)]", limits: limits) == ["too_deep"])
        #expect(verdicts(#"{"batch":[{"a":[[1]]},7]}"#, limits: limits) == ["too_deep"])
        #expect(verdicts(#"{"batch":[{"a":[[1]]}],"batch":1}"#, limits: limits) == ["too_deep"])
        #expect(verdicts(#"{"batch":[{"a":1},7]}"#, limits: limits) == [#"{"batch":[{"a":1},7]}"#])
        #expect(verdicts(#"{"batch":[\#(event)]}"#, limits: limits) == ["too_deep"])
    }

    @Test(arguments: ["{}", "null", #"{"ip":"::1"}"#, #"{"channel":5}"#, #""x""#])
    func theEnvelopesChannelCountsForEventsWithoutOne(context: String) {
        let events =
            #"[{"context":\#(context)},{"channel":"own"},{"context":{"channel":"its"}},{}]"#
        let wanted = ["pos", "own", "its", "pos"]
        #expect(pieces(#"{"channel":"pos","batch":\#(events)}"#).map(\.channel) == wanted)
        let below = #"{"context":{"channel":"pos"},"batch":\#(events)}"#
        #expect(pieces(below).map(\.channel) == wanted)
    }

    @Test func ofAKeyThatStandsTwiceTheFirstCounts() {
        let text =
            #"{"context":{"channel":"a"},"sentAt":"1","context":{"channel":"b"},"sentAt":"2","#
            + #""batch":[{"event":"x"}]}"#
        let found = pieces(text)
        #expect(found.map(\.channel) == ["a"])
        #expect(found.map(\.context) == [#"{"channel":"a"}"#])
        #expect(found.map(\.sentAt) == [#""1""#])
        #expect(pieces(#"{"context":{},"context":{"channel":"b"}}"#).map(\.channel) == [""])
    }

    @Test func ofSeveralTimesTheFirstThatCanBeReadCounts() {
        func time(_ members: String) -> [String] { pieces("{\(members)}").map(\.time) }
        let good = "2026-11-22T10:00:00Z"
        let later = "2026-11-22T11:00:00Z"
        #expect(time(#""timestamp":"NOW","originalTimestamp":"\#(good)""#) == [good])
        #expect(time(#""time":"\#(good)","timestamp":"","originalTimestamp":"x""#) == [good])
        #expect(time(#""originalTimestamp":"\#(later)","timestamp":"\#(good)""#) == [good])
        #expect(time(#""timestamp":"a","originalTimestamp":"b""#) == ["a"])
        #expect(time(#""time":"c","originalTimestamp":"b""#) == ["b"])
        #expect(time(#""timestamp":7,"time":"\#(later)""#) == [later])
    }
}
