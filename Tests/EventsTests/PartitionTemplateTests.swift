import Events
import Testing

@Suite struct PartitionTemplateTests {
    private let values = PartitionTemplate.Values(
        channel: "a/b",
        event: "Page Viewed",
        source: "s1",
        node: "c1",
        hour: 490_000
    )

    @Test func fillsInEscapedValuesAndTimes() throws {
        let path = try PartitionTemplate(
            "channel={channel}/date={date}/hour={hour}/{event}-{source}.{node}"
        )
        #expect(
            path.path(values) == "channel=a%2Fb/date=2025-11-24/hour=16/Page Viewed-s1.c1"
        )
        #expect(path.hoursPerPartition == 1 && path.uses(.node))
        #expect(try PartitionTemplate("d={date}").hoursPerPartition == 24)
        #expect(try PartitionTemplate("c={channel}").hoursPerPartition == nil)
        #expect(try PartitionTemplate("").path(values).isEmpty)
    }

    @Test(arguments: [
        (-1, "d=1969-12-31/h=23"), (0, "d=1970-01-01/h=00"), (-25, "d=1969-12-30/h=23"),
        (-17_259_888, "d=0001-01-01/h=00"), (70_389_527, "d=9999-12-31/h=23"),
    ])
    func hoursBefore1970HaveTheirFolders(hour: Int, expected: String) throws {
        var values = values
        values.hour = hour
        #expect(try PartitionTemplate("d={date}/h={hour}").path(values) == expected)
    }

    @Test(arguments: [
        "channel={channel", "{}", "/a", "a/", "a//b", ".a/b", "a/..", "../a",
        "a/.",
        "{channel}{event}{source}{node}", "{a}{b.c}{d}{e}",
    ])
    func refusesWhatCannotBeAPath(text: String) {
        #expect(throws: PartitionTemplateError.self) { try PartitionTemplate(text) }
    }

    /// What is no placeholder is a path into events.
    @Test func pathsHaveTheirValues() throws {
        let path = try PartitionTemplate(
            "country={properties.country}/{channel}/{context.campaign.name}-{properties.country}"
        )
        #expect(path.paths == ["properties.country", "context.campaign.name"])
        var values = values
        values.paths = ["de/at", ""]
        #expect(
            path.path(values)
                == "country=de%2Fat/a%2Fb/__HIVE_DEFAULT_PARTITION__-de%2Fat"
        )
        #expect(!path.uses(.event) && path.hoursPerPartition == nil)
    }

    @Test func noValueLeadsOutOfItsFolder() throws {
        let path = try PartitionTemplate("{channel}/x{event}")
        for value in ["..", ".", "", "/", "../..", "\u{0}", "a/../../b"] {
            let text = path.path(
                PartitionTemplate.Values(
                    channel: value,
                    event: value,
                    source: "",
                    node: "",
                    hour: 0
                )
            )
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") })
        }
    }
}
