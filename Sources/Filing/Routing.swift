import Events
import Platform
import Storage

/// The destination of an event.
struct Route {
    /// From ``PartitionRouter/channel(_:receivedAt:)``.
    var channel: UInt32
    var key: PartitionKey
    /// Microseconds since 1970 UTC, by its producer.
    var eventTime: Int64?
    var timeliness: Timeliness
}

/// Determines the routes of a burst's events; writes and counts nothing.
///
/// Only events that are written get a route: a duplicate must not take one of `partition.maxValues`.
///
/// With many partitions every lookup misses the cache, and the next one needs its result. So a step
/// is done for all events of a burst before the next begins, and prefetches for that one.
struct Routing: ~Copyable {
    /// This many open segments are in the caches anyway.
    private static let warmSegments = 32

    private(set) var partitions: PartitionRouter
    private let store: SegmentStore
    /// By source: the channel of events without one.
    private let defaultChannels: [UnsafeMutableRawBufferPointer]
    /// Whether the folder depends on values of paths.
    private let hasPaths: Bool
    /// Whether there are more than ``warmSegments``, as of the turn's beginning.
    private var hasManySegments = false

    init(_ configuration: PartitionRouter.Configuration, _ store: SegmentStore, channels: [String])
    {
        partitions = PartitionRouter(configuration)
        hasPaths = !configuration.template.paths.isEmpty
        self.store = store
        defaultChannels = channels.map { text in
            let bytes = Array(text.utf8)
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyBytes(from: bytes)
            return copy
        }
    }

    deinit {
        for channel in defaultChannels { channel.deallocate() }
    }

    /// Checks how many segments are open; once per turn.
    @inline(never)
    mutating func look() {
        hasManySegments = store.openCount > Self.warmSegments
    }

    mutating func route(_ burst: borrowing EventBurst) {
        let count = burst.count
        let isCold = hasManySegments && count > 1
        if isCold { fetchChannels(burst) }
        for at in 0..<count where burst.isWritten(at) {
            burst.routes[at] = route(burst, at)
            if isCold { store.fetchSlot(burst.routes[at].key) }
        }
        if isCold { fetchSegments(burst) }
    }

    private mutating func route(_ burst: borrowing EventBurst, _ at: Int) -> Route {
        let time = burst.views[at].time
        let eventTime = time.isEmpty ? nil : Timestamp.parse(time)
        if hasPaths { setPaths(burst, at) }
        let channel = partitions.channel(channel(burst, at), receivedAt: burst.receivedAt)
        let place = partitions.place(
            channel: channel,
            event: burst.views[at].name,
            source: burst.source,
            receivedAt: burst.receivedAt,
            eventTime: eventTime
        )
        return Route(
            channel: channel,
            key: place.key,
            eventTime: eventTime,
            timeliness: place.timeliness
        )
    }

    @inline(never)
    private func setPaths(_ burst: borrowing EventBurst, _ at: Int) {
        partitions.set(paths: burst.keyValues(at: at))
    }

    /// Returns the channel of an event of the burst: its own, its batch's, or its source's.
    @inline(__always)
    func channel(_ burst: borrowing EventBurst, _ at: Int) -> UnsafeRawBufferPointer {
        let named = burst.views[at].channel
        return named.isEmpty ? UnsafeRawBufferPointer(defaultChannels[burst.source]) : named
    }

    @inline(never)
    private func fetchChannels(_ burst: borrowing EventBurst) {
        for at in 0..<burst.count {
            burst.hashes[at] = partitions.fetchChannel(channel(burst, at))
        }
        for at in 0..<burst.count { partitions.fetchChannelText(hash: burst.hashes[at]) }
    }

    @inline(never)
    private func fetchSegments(_ burst: borrowing EventBurst) {
        for at in 0..<burst.count where burst.isWritten(at) {
            store.fetchPending(burst.routes[at].key)
        }
        for at in 0..<burst.count where burst.isWritten(at) {
            store.fetchEnd(burst.routes[at].key)
        }
    }
}
