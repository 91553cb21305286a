import Events
import TestSupport
import Testing

/// Payloads whose events are the elements of a member other than `batch`.
@Suite struct EnvelopeTests {
    private func pieces(_ payload: String) -> [String] {
        var reader = PayloadReader(limits: PayloadLimits(eventsMax: 4))
        return Array(payload.utf8).withUnsafeBytes { bytes in
            reader.begin(bytes, list: "data")
            var (pieces, view) = ([String](), EventView())
            while reader.next(&view) {
                let text = String(decoding: view.bytes, as: UTF8.self)
                if let rejection = view.rejection {
                    pieces.append("\(rejection.rawValue) at \(view.offset): \(text)")
                } else {
                    pieces.append(text)
                }
            }
            return pieces
        }
    }

    @Test(arguments: [
        (#"{"data":[{"a":1},{"b":2}]}"#, [#"{"a":1}"#, #"{"b":2}"#]),
        (#" {"schema":"s" , "data" : [ {"a":1} ] } "#, [#"{"a":1}"#]),
        (#"{"data":[]}"#, []),
        (#"{"data":[{"batch":[{"a":1}]}]}"#, [#"{"batch":[{"a":1}]}"#]),
        (#"{"data":[{"data":[{"a":1}]}]}"#, [#"{"data":[{"a":1}]}"#]),
        (#"{"data":[{"a":1}],"batch":[{"b":1}]}"#, [#"{"a":1}"#]),
        (#"[{"a":1}]"#, [#"{"a":1}"#]), (#"{"a":1}"#, [#"{"a":1}"#]),
        (#"{"data":7}"#, [#"{"data":7}"#]), (#"{"batch":[{"a":1}]}"#, [#"{"a":1}"#]),
        (#"{"data":[1],"data":[{"a":1}]}"#, [#"{"data":[1],"data":[{"a":1}]}"#]),
        (#"{"x":{"data":[{"a":1}]}}"#, [#"{"x":{"data":[{"a":1}]}}"#]),
    ])
    func aListIsTakenApart(payload: String, events: [String]) {
        #expect(pieces(payload) == events)
    }

    @Test func damageCostsNoOtherEvent() {
        let bad = #"{"data":[{"a":1},{"b":x},{"c":3}],"schema":"s"}"#
        #expect(pieces(bad) == [#"{"a":1}"#, #"invalid_json at 17: {"b":x}"#, #"{"c":3}"#])
        let mixed = #"{"data":[{"a":1},7,{"c":3}]}"#
        #expect(pieces(mixed) == [#"{"a":1}"#, "not_an_object at 17: 7", #"{"c":3}"#])
        let reserved = #"{"data":[{"_touchpoint":1}]}"#
        #expect(pieces(reserved) == [#"reserved_key at 9: {"_touchpoint":1}"#])
    }

    @Test(arguments: [
        #"{"data":[{"a":1}"#, #"{"data":[{"a":1}]} x"#, #"{"s":x,"data":[{"a":1}]}"#,
        #"{"data":[{"a":1}],}"#, #"{"data":[{"a":x}],"data":[{"a":1}]}"#,
    ])
    func aDamagedEnvelopeIsOnePiece(payload: String) {
        #expect(pieces(payload) == ["invalid_json at 0: " + payload])
    }

    @Test func tooManyEventsAreOnePiece() {
        let many = #"{"data":[{},{},{},{},{}]}"#
        #expect(pieces(many) == ["too_many_events at 0: " + many])
        #expect(pieces(#"{"data":[{},{},{},{}]}"#).count == 4)
    }

    @Test func aReservedKeyOfTheEnvelopeRejectsIt() {
        let payload = #"{"_touchpoint":1,"data":[{"a":1}]}"#
        #expect(pieces(payload) == ["reserved_key at 0: " + payload])
    }
}
