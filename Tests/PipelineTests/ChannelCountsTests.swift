import Testing

@testable import Pipeline

/// The channels that operators see, for any names that producers choose.
@Suite struct ChannelCountsTests {
    @Test func namesOfAnyNumberAreKeptWithinABoundAndTheSumStays() {
        var counts = ChannelCounts()
        var sum = 0
        for number in 0..<20_000 {
            counts.add("channel-\(number)", 1)
            counts.add("busy-\(number % 50)", 3)
            sum += 4
            #expect(counts.counts.count <= 2 * ChannelCounts.listedMax + 1)
        }
        #expect(counts.counts.values.reduce(0, +) == sum)
        #expect(counts.leftOut > 17_000)
        // The names with the most events are never moved to `__other__`.
        #expect((0..<50).allSatisfy { counts.counts["busy-\($0)"] == 1200 })
        counts.keepLargest(ChannelCounts.listedMax)
        #expect(counts.counts.count == ChannelCounts.listedMax + 1)
        #expect(counts.counts.values.reduce(0, +) == sum)
        #expect((counts.counts["__other__"] ?? 0) > 0)
    }

    @Test func fewNamesStayAsTheyAre() {
        var counts = ChannelCounts()
        counts.add("web", 2)
        counts.add("__other__", 5)
        var more = ChannelCounts()
        more.add("web", 1)
        counts.merge(more)
        counts.keepLargest(1)
        #expect(counts.counts == ["web": 3, "__other__": 5])
        #expect(counts.leftOut == 0)
    }

    @Test func aLongNameIsCutBetweenCharactersAndKeepsApartFromOthers() {
        let fits = String(repeating: "é", count: 64)
        #expect(ChannelCounts.shown(fits) == fits)
        let long = "a" + String(repeating: "é", count: 200_000)
        let shown = ChannelCounts.shown(long)
        #expect(shown.utf8.count == 127 + 17)
        #expect(shown.hasPrefix("a" + String(repeating: "é", count: 63) + "-"))
        #expect(shown != ChannelCounts.shown(long + "x"))
        #expect(shown == ChannelCounts.shown(long))
    }
}
