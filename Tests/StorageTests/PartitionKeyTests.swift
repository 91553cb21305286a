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
        let key = router.key(
            channel: channel,
            event: UnsafeRawBufferPointer(start: nil, count: 0),
            source: 1,
            receivedAt: receivedAt,
            eventTime: event.flatMap { Timestamp.parse($0) }
        )
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
