import Events
import Testing

/// The cause and the place that a rejection reports.
@Suite struct RejectionDetailTests {
    private func details(_ payload: [UInt8]) -> [String] {
        pieces(payload).filter { !$0.isEvent }.map(\.detail)
    }

    private func details(_ payload: String) -> [String] { details(Array(payload.utf8)) }

    @Test(arguments: [
        ("", "byte 0: there is nothing but white space"),
        (#"{"a":NaN}"#, "byte 5: JSON has no NaN"),
        (#"{"a":-Infinity}"#, "byte 5: JSON has no Infinity"),
        (#"{"a":1,"b":1e999}"#, "byte 11: a number that is infinite as a double"),
        (#"{"a":01}"#, "byte 5: a number must not begin with a zero"),
        (#"{"a":+1}"#, "byte 5: a number must not begin with a plus sign"),
        (#"{"a":1.}"#, "byte 5: not a number by RFC 8259"),
        (#"{"a":0x1F}"#, "byte 5: not a number by RFC 8259"),
        (#"{"a":True}"#, "byte 5: a word that is none of true, false and null"),
        (#"{"a":1,}"#, "byte 6: a trailing comma"), (#"{"a":[1,2,]}"#, "byte 9: a trailing comma"),
        (#"{"a":}"#, "byte 5: a value is missing"), (#"{"a":[,1]}"#, "byte 6: a value is missing"),
        (#"{"a" 1}"#, "byte 5: a colon is missing"),
        (#"{"a":1 "b":2}"#, "byte 7: a comma is missing"),
        (#"{'a':1}"#, "byte 1: single quotes instead of double quotes"),
        (#"{"a":'x'}"#, "byte 5: single quotes instead of double quotes"),
        (#"{a:1}"#, "byte 1: a key without double quotes"),
        (#"{"a":1/*x*/}"#, "byte 6: JSON has no comments"),
        (#"{"a":"\x41"}"#, "byte 6: 0x78 behind a backslash: there is no such escape"),
        (#"{"a":"\u12G4"}"#, "byte 6: a Unicode escape without four hexadecimal digits"),
        (
            #"{"a":"b\ud83d"}"#,
            "byte 7: a lone surrogate: half of an escaped character, such as a cut emoji"
        ),
        (
            #"{"a":"\ude00"}"#,
            "byte 6: a lone surrogate: half of an escaped character, such as a cut emoji"
        ),
        ("{\"a\":\"b\tc\"}", "byte 7: 0x09 in a string: control characters must be escaped"),
        ("{\"a\":\"b\nc\"}", "byte 7: a line break in a string, unescaped"),
        (#"{"a":"bc}"#, "byte 5: a string begins that does not end"),
        (
            #"{"a":[1,2}"#,
            "byte 9: a bracket closes that is not open; the closing bracket is missing"
        ),
        (#"{"a":{"b":1}"#, "byte 12: the text ends before the closing brace"),
        (#"{"a":1} x"#, "byte 8: something stands behind the value"),
        (#"{"a":1}}"#, "byte 7: something stands behind the value"),
        ("event=a&n=1", "byte 0: this looks like form data, not JSON"),
        ("<event/>", "byte 0: this looks like XML or HTML, not JSON"),
        ("hello", "byte 0: 0x68 begins no JSON: a payload begins with a brace or a bracket"),
        ("{\"a\":\u{0}}", "byte 5: 0x00 is not expected here"),
        (
            "\u{FEFF}",
            "byte 0: a byte order mark with nothing behind it, or not at the payload's start"
        ),
        (#"17"#, "byte 0: valid JSON, but a number, and an event must be an object"),
        (#"[{},"x"]"#, "byte 4: valid JSON, but a string, and an event must be an object"),
        (
            #"{"_touchpoint":1}"#,
            "byte 15: the key _touchpoint is reserved for the collector's metadata"
        ),
    ])
    func theCauseIsNamed(payload: String, detail: String) {
        #expect(details(payload) == [detail])
    }

    @Test func theCauseOfAPieceIsPlacedInThePayload() {
        let found = details("{\"a\":1}\n{\"b\":NaN}\n{\"c\":1}\n{\"d\":'x'}\n")
        #expect(
            found == [
                "byte 13: JSON has no NaN", "byte 31: single quotes instead of double quotes",
            ]
        )
        #expect(
            details(#"[{"a":1},{"b":tru},{"c":1}]"#)
                == ["byte 14: a word that is none of true, false and null"]
        )
        #expect(
            details(#"{"batch":[{"a":1},{"b":},{"c":1}]}"#) == ["byte 23: a value is missing"]
        )
        #expect(details(#"[{"a":1},]"#) == ["byte 8: a trailing comma"])
        #expect(details(#"[{"a":1} {"b":1}]"#) == ["byte 9: a comma is missing"])
        #expect(details(#"[{"a":1}] x"#) == ["byte 10: something stands behind the value"])
        #expect(details(#"[{"a":1}"#) == ["byte 8: the text ends before the closing bracket"])
    }

    @Test func whatIsNoUTF8IsPlaced() {
        let head = Array(#"{"event":"abc"#.utf8)
        let tail = Array("\"}".utf8)
        #expect(details(head + [0xFF] + tail) == ["byte 13: 0xFF is not valid UTF-8 here"])
        #expect(details(head + [0xC3] + tail) == ["byte 13: a UTF-8 character is cut off"])
        #expect(details(head + [0xC0, 0x80] + tail) == ["byte 13: 0xC0 is not valid UTF-8 here"])
        #expect(
            details(head + [0xED, 0xA0, 0xBD] + tail)
                == ["byte 13: half of a surrogate pair is encoded, which UTF-8 forbids"]
        )
        let second = Array("{\"a\":1}\n".utf8) + head + [0xFF] + tail
        #expect(details(second) == ["byte 21: 0xFF is not valid UTF-8 here"])
    }

    @Test func utf16IsNamed() {
        let text = #"{"event":"x"}"#
        let little = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let array = "[{}]".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        for payload in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big, array] {
            let found = pieces(payload)
            #expect(found.map(\.rejection) == [.invalidUTF8])
            #expect(found.map(\.text) == [payload])
            #expect(found.map(\.detail) == ["byte 0: this looks like UTF-16; JSON must be UTF-8"])
        }
    }

    @Test func limitsAreNamed() {
        let limits = PayloadLimits(eventBytesMax: 20, eventsMax: 2, depthMax: 2)
        func detail(_ text: String) -> [String] { pieces(text, limits: limits).map(\.detail) }
        #expect(
            detail(#"{"a":"01234567890123"}"#) == ["byte 0: the event is larger than limits.event"]
        )
        #expect(detail(#"{"a":[[1]]}"#) == ["byte 6: nested deeper than limits.depth"])
        #expect(
            detail("{}\n{}\n{}\n")
                == ["byte 0: more events in one message than limits.eventsPerMessage"]
        )
    }

    /// A detail needs no escapes in JSON, and contains nothing that producers sent.
    @Test func noDetailNeedsEscapes() {
        for kind in RejectionCause.Kind.allCases {
            for byte in UInt8.min...UInt8.max {
                var view = EventView()
                view.cause = RejectionCause(kind, byte)
                for rejection in Rejection.allCases {
                    view.rejection = rejection
                    let detail = view.detail.utf8
                    #expect(detail.count > 12 && detail.count < 120, "\(kind)")
                    #expect(
                        detail.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C },
                        "\(kind)"
                    )
                }
            }
        }
    }
}
