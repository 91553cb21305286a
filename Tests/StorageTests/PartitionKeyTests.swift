import Events
import Platform
import Testing

@testable import Storage

/// The folder in which an event is filed.
@Suite struct PartitionKeyTests {
    private func folder(
        _ path: String,
        time: PartitionRouter.Time = .event,
        received: String = "2026-11-22T10:00:00Z",
        event: String?
    ) throws -> String {
        var router = PartitionRouter(
            .init(
                template: try PartitionTemplate(path),
                time: time,
                valuesMax: 4,
                node: "c1",
                sources: ["a", "b"]
            )
        )
        let receivedAt = try #require(Timestamp.parse(received))
        let channel = Array("web".utf8).withUnsafeBytes {
            router.channel($0, receivedAt: receivedAt)
        }
        let key = router.place(
            channel: channel,
            event: UnsafeRawBufferPointer(start: nil, count: 0),
            source: 1,
            receivedAt: receivedAt,
            eventTime: event.flatMap { Timestamp.parse($0) }
        ).key
        #expect(!key.isQuarantine)
        return router.folder(key)
    }

    @Test(arguments: [
        ("1969-12-31T23:59:59Z", "1969-12-31", 23), ("1970-01-01T00:00:00+01:00", "1969-12-31", 23),
        ("1900-01-01T00:00:00Z", "1900-01-01", 0), ("0001-01-01T00:00:00Z", "0001-01-01", 0),
        ("1969-12-31T00:00:00Z", "1969-12-31", 0), ("1969-12-31T13:30:00.5Z", "1969-12-31", 13),
        ("2026-11-22T10:00:00+14:00", "2026-11-21", 20),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31", 23),
        ("2016-12-31T23:59:60Z", "2017-01-01", 0),
    ])
    func eventsOfAnyTimeAreFiledUnderIt(time: String, date: String, hour: Int) throws {
        let digits = hour < 10 ? "0\(hour)" : "\(hour)"
        #expect(
            try folder("{source}/date={date}/hour={hour}", event: time)
                == "events/b/date=\(date)/hour=\(digits)"
        )
        #expect(try folder("c={channel}/date={date}", event: time) == "events/c=web/date=\(date)")
        #expect(
            try folder("date={date}", time: .received, event: time) == "events/date=2026-11-22"
        )
    }

    /// Wrong times make no folder for every hour there is: of a source some, the rest is in one.
    @Test func foldersOfOtherHoursAreBounded() throws {
        var configuration = PartitionRouter.Configuration(
            template: try PartitionTemplate("{source}/{date}/{hour}"),
            time: .event,
            valuesMax: 4,
            node: "c1",
            sources: ["a", "b"]
        )
        configuration.otherHoursMax = 3
        var router = PartitionRouter(configuration)
        let hour: Int64 = 3_600_000_000
        let start = 500_000 * hour
        func folder(_ source: Int, _ event: Int64, received: Int64 = start) -> String {
            let key = router.place(
                channel: 0,
                event: UnsafeRawBufferPointer(start: nil, count: 0),
                source: source,
                receivedAt: received,
                eventTime: event
            ).key
            return router.folder(key)
        }
        let folders = (1...50).map { folder(0, start - Int64($0) * hour) }
        #expect(Set(folders).count == 4)
        #expect(folders[3...].allSatisfy { $0 == "events/a/__other__/__other__" })
        // Those that are there stay; the hour of receipt and other sources are not affected.
        #expect(folder(0, start - hour) == folders[0])
        #expect(folder(0, start + hour / 2) == "events/a/2027-01-15/08")
        #expect(folder(1, start - 9 * hour) == "events/b/2027-01-14/23")
        // The next hour has room again.
        #expect(folder(0, start - 40 * hour, received: start + hour) == "events/a/2027-01-13/16")
    }

    @Test func whatHasNoTimeIsFiledUnderItsReceipt() throws {
        #expect(try folder("date={date}/{hour}", event: nil) == "events/date=2026-11-22/10")
        #expect(
            try folder("date={date}", event: "0000-01-01T00:00:00Z") == "events/date=2026-11-22"
        )
    }

    @Test func aClockBefore1970HasAFolderToo() throws {
        let folder = try folder(
            "date={date}/{hour}",
            time: .received,
            received: "1969-12-31T12:00:00Z",
            event: nil
        )
        #expect(folder == "events/date=1969-12-31/12")
    }
}
