import Events
import Testing

@testable import Storage

/// Folders by values that events have at paths.
@Suite struct PathValuesTests {
    private static let hour: Int64 = 3_600_000_000

    private func router(_ path: String, valuesMax: Int = 4) throws -> PartitionRouter {
        PartitionRouter(
            .init(
                template: try PartitionTemplate(path),
                time: .received,
                valuesMax: valuesMax,
                node: "c1",
                sources: ["a"]
            )
        )
    }

    private func folder(
        _ values: [String],
        event: String = "",
        hour: Int64 = 0,
        in router: inout PartitionRouter
    ) -> String {
        let texts = values.map { text in
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: text.utf8.count,
                alignment: 1
            )
            copy.copyBytes(from: text.utf8)
            return UnsafeRawBufferPointer(copy)
        }
        defer { texts.forEach { $0.deallocate() } }
        return texts.withUnsafeBufferPointer { texts in
            router.set(paths: texts)
            return Array(event.utf8).withUnsafeBytes { event in
                let key = router.place(
                    channel: 0,
                    event: event,
                    source: 0,
                    receivedAt: hour * Self.hour,
                    eventTime: nil
                ).key
                return router.folder(key)
            }
        }
    }

    @Test func eachCombinationHasItsFolder() throws {
        var router = try router("{a.b}/{event}/{c}")
        #expect(folder(["1", "2"], event: "e", in: &router) == "events/1/e/2")
        #expect(folder(["2", "1"], event: "e", in: &router) == "events/2/e/1")
        #expect(folder(["1", "2"], event: "f", in: &router) == "events/1/f/2")
        #expect(
            folder(["", "a/b"], in: &router)
                == "events/__HIVE_DEFAULT_PARTITION__/__HIVE_DEFAULT_PARTITION__/a%2Fb"
        )
        #expect(folder(["1", "2"], event: "e", in: &router) == "events/1/e/2")
        #expect(
            folder([], event: "e", in: &router)
                == "events/__HIVE_DEFAULT_PARTITION__/e/__HIVE_DEFAULT_PARTITION__"
        )
    }

    /// As of channels, further values of an hour share a folder, and the next hour has room again.
    @Test func valuesBeyondTheLimitShareAFolder() throws {
        var router = try router("{a}")
        let folders = (0..<9).map { folder(["v\($0)"], in: &router) }
        #expect(folders[..<4] == ["events/v0", "events/v1", "events/v2", "events/v3"])
        #expect(folders[4...].allSatisfy { $0 == "events/__other__" })
        #expect(folder(["v2"], in: &router) == "events/v2")
        #expect(folder(["v8"], hour: 1, in: &router) == "events/v8")
    }

    @Test func combinationsBeyondTheLimitShareAFolder() throws {
        var router = try router("{a}/{b}", valuesMax: 80)
        var folders: Set<String> = []
        for first in 0..<80 {
            for second in 0..<80 {
                folders.insert(folder(["\(first)", "\(second)"], in: &router))
            }
        }
        #expect(folders.count == 4_097 && folders.contains("events/__other__/__other__"))
        #expect(folder(["0", "0"], in: &router) == "events/0/0")
        #expect(folder(["79", "79"], hour: 1, in: &router) == "events/79/79")
    }

    /// Combinations are forgotten when there are very many; the folders stay right.
    @Test func forgottenCombinationsAreNumberedAnew() throws {
        var router = try router("{a}/{b}", valuesMax: 60)
        for hour in 0..<90 {
            let keep = folder(["same", "same"], hour: Int64(hour), in: &router)
            #expect(keep == "events/same/same")
            for first in 0..<55 {
                for second in 0..<55 {
                    _ = folder(["\(first)", "\(hour)-\(second)"], hour: Int64(hour), in: &router)
                }
            }
        }
        #expect(folder(["x", "y"], hour: 99, in: &router) == "events/x/y")
    }
}
