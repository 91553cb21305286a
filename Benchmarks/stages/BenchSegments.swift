import Compression
import Events
import Segments

/// A writer's store and router, with the daemon's defaults and a clock that stands still.
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

    /// The slot of an event, as the writer finds it.
    mutating func slot(
        for view: borrowing EventView,
        eventTime: Int64?
    ) throws(FileSystemError) -> Int {
        let receivedAt = EventInputs.receivedAt
        let channel = router.channel(view.channel, receivedAt: receivedAt)
        let key = router.key(
            channel: channel,
            event: view.name,
            source: 0,
            receivedAt: receivedAt,
            eventTime: eventTime
        )
        let slot = store.slot(for: key)
        return slot >= 0 ? slot : try store.open(key, router: router)
    }
}
