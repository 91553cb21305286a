import Intake
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPSource

/// What is read from the head of a request.
@Suite struct RequestFactsTests {
    @Test(arguments: [
        ("https://shop.example", "https://shop.example", true),
        ("https://shop.example", "https://SHOP.example", true),
        ("https://shop.example", "http://shop.example", false),
        ("https://*.shop.example", "https://a.shop.example", true),
        ("https://*.shop.example", "https://a.b.shop.example", true),
        ("https://*.shop.example", "https://shop.example", false),
        ("https://*.shop.example", "https://evilshop.example", false),
        ("https://*.shop.example", "https://evil.example/.shop.example", false),
        ("https://*.shop.example", "null", false),
        ("https://*.shop.example", "https://.shop.example", false),
        ("*", "https://anything.example", true),
        ("*", "null", true),
    ])
    func originsFitPatterns(pattern: String, origin: String, fits: Bool) throws {
        #expect(try #require(OriginPattern(pattern)).matches(origin) == fits)
    }

    @Test(arguments: [
        "", "shop.example", "ftp://a", "https://", "https://a*.b", "https://*", "https://*.*.b",
    ])
    func otherPatternsAreNone(pattern: String) {
        #expect(OriginPattern(pattern) == nil)
    }

    @Test(arguments: [
        ("http://localhost:3000", true), ("http://127.0.0.1", true), ("http://[::1]:80", true),
        ("http://localhost.evil.example", false), ("null", false),
        ("https://127.0.0.1.example", false),
    ])
    func pagesOfThisMachineAreKnown(origin: String, isLocal: Bool) {
        #expect(OriginPattern.isLocal(origin) == isLocal)
    }

    @Test(arguments: [
        (["authorization": "Basic a2V5Og=="], "", "key"),
        (["authorization": "basic a2V5OnBhc3M"], "", "key"),
        (["authorization": "Bearer t"], "", "t"),
        (["authorization": "Bearer t", "x-write-key": "w"], "", "w"),
        (["authorization": "Basic a2V5Og==", "x-write-key": "w"], "", "key"),
        (["authorization": "Basic !"], "token=t", ""),
        ([:], "a=b&writeKey=a%2Db", "a-b"),
        ([:], "writekey=x&writeKey=y", "y"),
        ([:], "token=x", "x"),
    ])
    func theFirstKeyCounts(headers: [String: String], query: String, key: String) {
        #expect(Credentials.key(HTTPHeaders(Array(headers)), query: query[...]) == key)
    }

    @Test func withoutAKeyThereIsNone() {
        #expect(Credentials.key(["authorization": "Digest x"], query: "writeKeys=a") == nil)
    }

    @Test(
        arguments: [
            ("1.2.3.4", [], "1.2.3.4"),
            ("1.2.3.4", ["9.9.9.9"], "1.2.3.4"),
            ("10.0.0.1", ["9.9.9.9"], "9.9.9.9"),
            ("10.0.0.1", ["6.6.6.6, 9.9.9.9"], "9.9.9.9"),
            ("10.0.0.1", ["6.6.6.6, 9.9.9.9, 10.0.0.2"], "9.9.9.9"),
            ("10.0.0.1", ["6.6.6.6", "9.9.9.9"], "9.9.9.9"),
            ("10.0.0.1", ["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", ["9.9.9.9:1234"], "9.9.9.9"),
            ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", [], "10.0.0.1"),
        ] as [(String, [String], String)]
    )
    func theRightmostStrangerIsTheClient(peer: String, fields: [String], client: String) throws {
        let proxies = [try #require(AddressRange("10.0.0.0/8"))]
        let found = ClientAddress.client(
            of: try #require(ClientAddress.bytes(peer)),
            forwarded: fields,
            proxies: proxies
        )
        #expect(ClientAddress.text(found) == client)
    }

    @Test(arguments: [
        ("24.5.68.91", "24.5.68.0"), ("2001:db8:1:2:3::9", "2001:db8:1::"),
        ("::ffff:24.5.68.91", "24.5.68.0"),
    ])
    func addressesAreCut(address: String, cut: String) throws {
        let bytes = try #require(ClientAddress.bytes(address))
        #expect(ClientAddress.text(ClientAddress.cut(bytes)) == cut)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0/8", "a/8", "10.0.0.0/", "10.0.0.0/-1", "::1/129"])
    func otherTextsAreNoNetworks(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(arguments: [
        ("/v1/t", HTTPMethod.POST, Route.events(.init(profile: .segment, form: .track))),
        ("/v1/batch", .POST, .events(.init(profile: .segment, form: .batch))),
        ("/v1/b", .GET, .wrongMethod(allowed: "POST, OPTIONS")),
        ("/v1/m", .POST, .telemetry),
        ("/v1/projects/k%20y/settings", .GET, .settings(key: "k y")),
        ("/v1/projects//settings", .GET, .unknown),
        ("/v1/projects/a/b/settings", .GET, .unknown),
        ("/v1/nothing", .POST, .unknown),
        ("/health", .GET, .health),
    ])
    func pathsLeadToRoutes(path: String, method: HTTPMethod, route: Route) {
        let configuration = HTTPConfiguration(name: "web", bind: [])
        #expect(Route(method, path[...], of: configuration) == route)
    }

    @Test func pathsOfOtherProfilesAreUnknown() {
        var configuration = HTTPConfiguration(name: "web", bind: [])
        configuration.profiles = [.events]
        configuration.prefix = "/x7"
        #expect(Route(.POST, "/x7/v1/t", of: configuration) == .unknown)
        #expect(Route(.POST, "/v1/events", of: configuration) == .unknown)
        #expect(
            Route(.POST, "/x7/v1/events", of: configuration) == .events(.init(profile: .events))
        )
    }

    @Test func metadataIsJSONWhateverClientsSend() {
        var metadata = RequestMetadata()
        #expect(metadata.member == "")
        metadata.add("userAgent", "a\"b\\c\u{1}\n")
        metadata.add("origin", "")
        metadata.add("path", String(repeating: "é", count: 400))
        let path = String(repeating: "é", count: 256)
        #expect(
            metadata.member
                == #""http":{"userAgent":"a\"b\\c\u0001\u000a","path":"\#(path)"}"#
        )
    }

    @Test func aKeyHasItsRateAndNoOtherKey() {
        let own = WriteKey(name: "a", key: "a", rate: 5)
        let other = WriteKey(name: "b", key: "b")
        let keys = WriteKeys([own, other])
        let waits = (0..<100).compactMap { _ in keys.wait(for: own) }
        #expect(waits.count > 80 && waits.allSatisfy { $0 == 1 })
        #expect((0..<100).allSatisfy { _ in keys.wait(for: other) == nil })
    }
}
