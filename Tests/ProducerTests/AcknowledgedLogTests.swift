import Testing

@testable import Producer

@Suite struct AcknowledgedLogTests {
    @Test(arguments: [
        (#"{"messageId":"a","id":"b"}"#, "a"), (#"{"event":"x","id":"b"}"#, "b"),
        (#"{"messageId":7,"id":"b"}"#, "b"), (#"{"messageId":null,"id":"é\n"}"#, "é\n"),
        (#"{"event":"x"}"#, ""), ("[1]", ""), ("no JSON", ""),
    ])
    func findsTheIdOfAnEvent(event: String, id: String) {
        #expect(AcknowledgedLog.eventIds(in: Array(event.utf8)) == [id])
    }

    @Test func findsAnIdALine() {
        let payload = "{\"id\":\"a\"}\n{}\n{\"messageId\":\"b\"}"
        #expect(AcknowledgedLog.eventIds(in: Array(payload.utf8)) == ["a", "", "b"])
    }
}
