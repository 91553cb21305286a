import Testing

@testable import Webhooks

@Suite struct CloudEventModeTests {
    private func mode(_ headers: [[String]]) throws -> CloudEventMode {
        try CloudEventMode(HeaderLines(headers))
    }

    @Test(arguments: [
        ("application/cloudevents+json", CloudEventMode.structured),
        ("Application/CloudEvents+JSON; charset=UTF-8", .structured),
        ("application/cloudevents+json;charset=\"utf-8\"", .structured),
        ("application/cloudevents-batch+json", .batched),
    ])
    func readsTheContentType(type: String, expected: CloudEventMode) throws {
        #expect(try mode([["content-type", type]]) == expected)
        #expect(try mode([["Content-Type", type], ["ce-specversion", "1.0"]]) == expected)
    }

    @Test func fieldsMakeItBinary() throws {
        #expect(try mode([["CE-SpecVersion", "1.0"]]) == .binary)
        #expect(try mode([["ce-specversion", "1.0"], ["content-type", "text/plain"]]) == .binary)
    }

    @Test(arguments: [
        "application/cloudevents", "application/cloudevents+avro", "application/cloudevents+xml",
        "application/cloudevents-batch+avro", "application/cloudevents+json; charset=latin1",
        "application/cloudevents+jsonx", "json", "", ";", "/",
    ])
    func refusesOtherFormats(type: String) {
        #expect(throws: CloudEventFault.format) {
            try mode([["content-type", type], ["ce-specversion", "1.0"]])
        }
    }

    @Test func refusesTwoContentTypes() {
        let type = ["content-type", "application/cloudevents+json"]
        #expect(throws: CloudEventFault.format) { try mode([type, type]) }
    }

    @Test func otherRequestsAreNone() {
        #expect(throws: CloudEventFault.none) { try mode([]) }
        #expect(throws: CloudEventFault.none) { try mode([["content-type", "application/json"]]) }
        #expect(throws: CloudEventFault.none) { try mode([["ce-id", "1"], ["ce-type", "t"]]) }
    }
}
