import Producer
import Testing

@Suite struct ReplyTests {
    private static func read(_ text: String) -> Reply? {
        Array(text.utf8).withUnsafeBytes { Reply($0) }
    }

    @Test func readsEachPieceAndHowManyMoreThereAre() {
        let text = """
            {"events":3,"later":{"x":[1]},"status":"committed","duplicates":2,"quarantined":[\
            {"index":1,"offset":40,"reason":"invalid_json","detail":"not \\u0022JSON\\u0022"},\
            {"reason":"too_deep","index":4},{"more":1400},{"unheardOf":true}]}
            """
        var committed = Reply.Committed(
            events: 3,
            quarantined: [
                Reply.Quarantined(
                    index: 1,
                    offset: 40,
                    reason: "invalid_json",
                    detail: "not \"JSON\""
                ),
                Reply.Quarantined(index: 4, reason: "too_deep"),
            ],
            more: 1400
        )
        committed.duplicates = 2
        #expect(Self.read(text) == .committed(committed))
    }

    @Test func readsTheOthersAndNothingElse() {
        #expect(Self.read(#"{"reason":"x","status":"rejected"}"#) == .rejected(reason: "x"))
        #expect(Self.read(#"{"status":"unavailable"}"#) == .unavailable(reason: "unknown"))
        for text in ["", "[]", "{}", #"{"status":"paused"}"#, #"{"status":"committed"}"#] {
            #expect(Self.read(text) == nil)
        }
        let huge = #"{"status":"committed","events":-1,"quarantined":[]}"#
        #expect(Self.read(huge) == nil)
        let negative = #"{"status":"committed","events":1,"quarantined":[{"more":-5}]}"#
        #expect(Self.read(negative) == .committed(Reply.Committed(events: 1)))
    }
}
