import Dedup
import Events
import Intake
import Platform
import Storage

/// Where an event belongs.
struct Route {
    /// Of ``PartitionRouter/channel(_:receivedAt:)``.
    var channel: UInt32
    var key: PartitionKey
    /// Microseconds since 1970 UTC, by its producer.
    var eventTime: Int64?

    /// Of an event that is not written.
    static var none: Route { Route(channel: 0, key: .none, eventTime: nil) }
}

/// Where the events of a burst belong.
extension Writer {
    /// Finds out where the first so many pieces of the burst belong, which are events; nothing is
    /// written or counted.
    ///
    /// What came before belongs nowhere: it must not take one of `partition.maxValues`.
    ///
    /// With many partitions an event's way to its segment is a chain of places in memory, each of
    /// which is known only from the one before. Each step has the memory come for the next one, for
    /// all events of the burst.
    mutating func findRoutes(_ count: Int, _ record: IntakeRecord, _ isDeduplicated: Bool) {
        let isCold = hasManySegments && count > 1
        if isCold { fetchChannels(count, record.source) }
        for at in 0..<count {
            if isDeduplicated, burst.identities.verdict(at: at).isDuplicate {
                burst.routes[at] = .none
                continue
            }
            burst.routes[at] = route(at, record)
            if isCold { store.fetchSlot(burst.routes[at].key) }
        }
        if isCold { fetchSegments(count) }
    }

    private mutating func route(_ at: Int, _ record: IntakeRecord) -> Route {
        let source = record.source
        let time = burst.views[at].time
        let eventTime = time.isEmpty ? nil : Timestamp.parse(time)
        let channel = router.channel(channel(at, source), receivedAt: record.receivedAt)
        let key = router.key(
            channel: channel,
            event: burst.views[at].name,
            source: source,
            receivedAt: record.receivedAt,
            eventTime: eventTime
        )
        return Route(channel: channel, key: key, eventTime: eventTime)
    }

    /// The channel of an event of the burst: its own, its batch's, or its source's.
    func channel(_ at: Int, _ source: Int) -> UnsafeRawBufferPointer {
        let named = burst.views[at].channel
        return named.isEmpty ? UnsafeRawBufferPointer(defaultChannels[source]) : named
    }

    @inline(never)
    private func fetchChannels(_ count: Int, _ source: Int) {
        for at in 0..<count { burst.hashes[at] = router.fetchChannel(channel(at, source)) }
        for at in 0..<count { router.fetchChannelText(hash: burst.hashes[at]) }
    }

    @inline(never)
    private func fetchSegments(_ count: Int) {
        for at in 0..<count { store.fetchPending(burst.routes[at].key) }
        for at in 0..<count { store.fetchEnd(burst.routes[at].key) }
    }
}
