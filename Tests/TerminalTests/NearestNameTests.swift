import Testing

@testable import Terminal

@Suite struct NearestNameTests {
    private static let known = ["status", "stats", "log-level", "seal"]

    @Test(arguments: [
        ("statu", "status"), ("STATS", "stats"), ("loglevel", "log-level"), ("sael", "seal"),
    ])
    func findsWhatWasMeant(typed: String, meant: String) {
        #expect(NearestName.of(typed, among: Self.known) == meant)
    }

    @Test(arguments: ["", "drain", "feel", String(repeating: "seal", count: 100)])
    func findsNothingThatIsFar(typed: String) {
        #expect(NearestName.of(typed, among: Self.known) == nil)
    }

    @Test func theCallerSaysHowManyEditsAreFew() {
        #expect(NearestName.of("feel", among: Self.known) { $0 / 2 } == "seal")
        #expect(NearestName.of("sea", among: Self.known) { _ in 0 } == nil)
    }

    @Test func aSwapOfNeighboursIsOneEdit() {
        #expect(NearestName.distance("puase", "pause") == 1)
        #expect(NearestName.distance("", "abc") == 3)
    }
}
