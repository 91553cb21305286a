import Events
import Platform
import Testing

@testable import Storage

@Suite struct EventTimesTests {
    private static let hour: Int64 = 3_600_000_000
    /// 2027-01-15T08:00:00Z.
    private static let start = 500_000 * hour
    private static let policy = EventTimePolicy(
        lateAfter: 48 * hour,
        separatesLate: false,
        futureMax: 300_000_000
    )

    @Test(arguments: [
        (nil, Timeliness.untimed), (0, .timely), (-48 * hour, .timely), (-48 * hour - 1, .late),
        (300_000_000, .timely), (300_000_001, .future), (Int64(-60_000_000) * hour / 100, .late),
    ])
    func judges(offset: Int64?, as timeliness: Timeliness) {
        let time = offset.map { Self.start + $0 }
        #expect(Self.policy.timeliness(of: time, receivedAt: Self.start) == timeliness)
    }

    @Test func withoutLimitsAnyTimeCounts() {
        for offset in [-400_000 * Self.hour, 400_000 * Self.hour] {
            let time = Self.start + offset
            #expect(
                EventTimePolicy().timeliness(of: time, receivedAt: Self.start) == .timely
            )
        }
    }

    private func router(separatesLate: Bool) throws -> PartitionRouter {
        var configuration = PartitionRouter.Configuration(
            template: try PartitionTemplate("{source}/date={date}/hour={hour}"),
            time: .event,
            valuesMax: 4,
            node: "c1",
            sources: ["a", "b"]
        )
        configuration.otherHoursMax = 1
        configuration.eventTimes = Self.policy
        configuration.eventTimes.separatesLate = separatesLate
        return PartitionRouter(configuration)
    }

    private func folder(_ router: inout PartitionRouter, _ offset: Int64?) -> String {
        let key = router.place(
            channel: 0,
            event: UnsafeRawBufferPointer(start: nil, count: 0),
            source: 1,
            receivedAt: Self.start,
            eventTime: offset.map { Self.start + $0 }
        ).key
        return router.folder(key)
    }

    @Test(arguments: [
        (false, "b/date=2027-01-15/hour=08"), (true, "b/date=__late__/hour=__late__"),
    ])
    func lateEventsGoToOneFolder(separatesLate: Bool, expected: String) throws {
        var router = try router(separatesLate: separatesLate)
        // They use up no folder of another hour.
        for days in 3...50 {
            #expect(folder(&router, -Int64(days) * 24 * Self.hour) == "events/" + expected)
        }
        #expect(folder(&router, -2 * Self.hour) == "events/b/date=2027-01-15/hour=06")
        #expect(folder(&router, -3 * Self.hour) == "events/b/date=__other__/hour=__other__")
        for offset in [nil, 0, Self.hour, 90 * 24 * Self.hour] {
            #expect(folder(&router, offset) == "events/b/date=2027-01-15/hour=08")
        }
    }

    @Test func aDaysLatenessIsCounted() throws {
        var router = try router(separatesLate: true)
        let second: Int64 = 1_000_000
        for offset in [0, 100, -second + 1, -second, -3 * second, -100 * second, nil] {
            _ = folder(&router, offset)
        }
        _ = folder(&router, -72 * Self.hour)
        _ = folder(&router, Self.hour)
        let found = router.lateness
        let lateness = try #require(found)
        #expect(lateness.day == 500_000 / 24)
        #expect(lateness.eventCount == 9)
        #expect(lateness.count(.late) == 1 && lateness.count(.future) == 1)
        #expect(lateness.count(.untimed) == 1 && lateness.count(.timely) == 6)
        // Five below a second, then 1 s, 3 s, 100 s and 72 h: 2, 4, 128 and 2^18 seconds.
        #expect(lateness.seconds(ofShare: 0.5) == 1)
        #expect(lateness.seconds(ofShare: 5.0 / 8) == 2)
        #expect(lateness.seconds(ofShare: 0.75) == 4)
        #expect(lateness.seconds(ofShare: 7.0 / 8) == 128)
        #expect(lateness.seconds(ofShare: 0.99) == 1 << 18)
    }

    @Test func theNextDayBeginsAnew() {
        var counts = Lateness.Counts()
        counts.add(.timely, Self.start, receivedAt: Self.start)
        let yesterday = counts.sum
        counts.add(.late, 0, receivedAt: Self.start + 24 * Self.hour)
        let today = counts.sum
        #expect(today.day == yesterday.day + 1)
        #expect(today.eventCount == 1 && today.count(.late) == 1 && today.count(.timely) == 0)
        var sum = yesterday
        sum.merge(today)
        #expect(sum == today)
        sum.merge(yesterday)
        #expect(sum == today)
        sum.merge(today)
        #expect(sum.count(.late) == 2 && sum.seconds(ofShare: 1) == today.seconds(ofShare: 1))
        #expect(Lateness(day: 1).seconds(ofShare: 0.5) == nil)
    }

    @Test func filingByReceiptCountsNothing() throws {
        let router = PartitionRouter(
            .init(
                template: try PartitionTemplate("{date}"),
                time: .received,
                valuesMax: 4,
                node: "c1",
                sources: ["a"]
            )
        )
        let lateness = router.lateness
        #expect(lateness == nil)
    }
}
