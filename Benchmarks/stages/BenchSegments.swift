import Compression
import Disk
import Events
import Storage

/// A writer's store and router, with the daemon's defaults and a fixed clock.
struct BenchSegments: ~Copyable {
    static let node = "c1"
    let store: SegmentStore
    var router: PartitionRouter

    init(_ fileSystem: any FileSystem) throws {
        let configuration = SegmentStore.Configuration(
            node: Self.node,
            run: "r",
            writer: 0,
            sources: ["s"],
            engine: .isal,
            level: 1
        )
        store = SegmentStore(configuration, fileSystem: fileSystem, waitForRoom: { _ in false })
        store.setTime(monotonic: 0, wall: EventInputs.receivedAt)
        router = PartitionRouter(try Self.routing)
    }

    /// How events are routed by default.
    static var routing: PartitionRouter.Configuration {
        get throws {
            PartitionRouter.Configuration(
                template: try PartitionTemplate("channel={channel}/date={date}/hour={hour}"),
                time: .received,
                valuesMax: 64,
                node: node,
                sources: ["s"]
            )
        }
    }

    /// Returns the slot of an event, found as the writer finds it.
    mutating func slot(
        for view: borrowing EventView,
        eventTime: Int64?
    ) throws(FileSystemError) -> Int {
        let receivedAt = EventInputs.receivedAt
        let channel = router.channel(view.channel, receivedAt: receivedAt)
        let key = router.place(
            channel: channel,
            event: view.name,
            source: 0,
            receivedAt: receivedAt,
            eventTime: eventTime
        ).key
        let slot = store.slot(for: key)
        return slot >= 0 ? slot : try store.open(key, router: router)
    }
}
