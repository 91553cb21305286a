import NIOHTTP1
import Testing

@testable import HTTPSource

/// What a request asks for about its person is done by the rules of its source.
@Suite struct PrivacyWishesTests {
    private static let gpc = ("sec-gpc", "1")
    private static let dnt = ("DNT", "1")

    private func wishes(
        _ headers: [(String, String)],
        ip: PrivacyRules.Address = .full,
        gpc: PrivacyRules.Consequence = .ignore,
        dnt: PrivacyRules.Consequence = .ignore
    ) -> PrivacyWishes {
        var rules = PrivacyRules()
        (rules.address, rules.gpc, rules.dnt) = (ip, gpc, dnt)
        return PrivacyWishes(HTTPHeaders([("Host", "a"), ("Accept", "*/*")] + headers), rules)
    }

    private func said(_ wishes: PrivacyWishes) -> String {
        var metadata = RequestMetadata()
        wishes.add(to: &metadata)
        return metadata.member
    }

    @Test func withoutWishesTheRulesCount() {
        for ip in PrivacyRules.Address.allCases {
            let found = wishes([], ip: ip, gpc: .drop, dnt: .drop)
            #expect(found.address == ip && !found.isAnonymous && !found.isDeclined)
            #expect(said(found).isEmpty)
        }
    }

    @Test func aWishHasTheConsequenceOfItsRule() {
        for header in [Self.gpc, Self.dnt] {
            let name = header == Self.gpc ? "gpc" : "dnt"
            func found(_ consequence: PrivacyRules.Consequence) -> PrivacyWishes {
                header == Self.gpc
                    ? wishes([header], gpc: consequence) : wishes([header], dnt: consequence)
            }
            #expect(said(found(.ignore)).isEmpty && found(.ignore).address == .full)
            #expect(said(found(.mark)) == #""http":{"\#(name)":true}"#)
            #expect(!found(.mark).isAnonymous && found(.mark).address == .full)
            #expect(said(found(.anonymise)) == #""http":{"\#(name)":true,"anonymous":true}"#)
            #expect(found(.anonymise).isAnonymous && found(.anonymise).address == .none)
            #expect(found(.drop).isDeclined && !found(.anonymise).isDeclined)
        }
    }

    @Test func otherValuesAreNoWish() {
        let found = wishes([("Sec-GPC", "0"), ("DNT", "0"), ("DNT", "")], gpc: .drop, dnt: .drop)
        #expect(!found.isDeclined)
    }

    @Test func theStrictestCounts() {
        #expect(wishes([Self.gpc, Self.dnt], gpc: .drop, dnt: .mark).isDeclined)
        let both = wishes(
            [Self.dnt, Self.gpc, ("X-IP-Policy", "keep")],
            gpc: .mark,
            dnt: .anonymise
        )
        #expect(both.isAnonymous && both.address == .none)
        #expect(said(both) == #""http":{"gpc":true,"dnt":true,"anonymous":true}"#)
    }

    @Test func aTrackerThatWantsToBeAnonymousIs() {
        let found = wishes([("SP-Anonymous", "*")])
        #expect(found.isAnonymous && found.address == .none && !found.isDeclined)
        #expect(said(found) == #""http":{"anonymous":true}"#)
    }

    @Test(arguments: [
        ("keep", PrivacyRules.Address.full, PrivacyRules.Address.full),
        ("keep", .truncate, .truncate), ("keep", .none, .none),
        ("stripLastOctet", .full, .truncate), ("stripLastOctet", .truncate, .truncate),
        ("stripLastOctet", .none, .none),
        ("remove", .full, .none), ("remove", .truncate, .none), ("other", .full, .full),
    ])
    func aPolicyNeverKeepsMoreThanTheRule(
        policy: String,
        rule: PrivacyRules.Address,
        kept: PrivacyRules.Address
    ) {
        #expect(wishes([("x-ip-policy", policy)], ip: rule).address == kept)
    }
}
