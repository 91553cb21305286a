import Testing

@testable import Webhooks

@Suite struct MediaTypeTests {
    private func type(_ text: String) -> MediaType? { MediaType(Array(text.utf8)) }

    @Test(arguments: [
        ("application/json", true), (" Application/JSON ; charset=utf-8", true),
        ("text/json", true),
        ("application/vnd.a+json", true), ("application/jsonx", false),
        ("application/json-seq", false),
        ("text/plain", false), ("application/x-ndjson", false),
    ])
    func knowsJSON(text: String, isJSON: Bool) throws {
        #expect(try #require(type(text)).isJSON == isJSON)
    }

    @Test func knowsForms() {
        #expect(type("application/x-www-form-urlencoded; charset=UTF-8")?.isForm == true)
        #expect(type("multipart/form-data; boundary=x")?.isForm == false)
    }

    @Test func readsTheCharset() {
        #expect(type("text/plain;a=b; Charset=\"UTF-8\"")?.charset == "utf-8")
        #expect(type("text/plain")?.charset == nil)
    }

    @Test(arguments: ["", "json", ";", "a/b/c", "/", "a/"]) func refusesTheRest(text: String) {
        #expect(type(text) == nil)
    }
}
