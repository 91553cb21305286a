import Dedup
import Events

/// Some events of one message, or of messages that are read together, all read before the first of
/// them is filed, so that what filing one needs comes from memory while others are looked at.
///
/// Where an event's way leads through memory that no cache holds, as with a thousand partitions or
/// millions of ids, each step of it would wait for the step before; a burst takes each step with all
/// of its events (as packet processors do with bursts of packets; DPDK's are 32).
///
/// One thread, the writer's. Plain memory, because every event goes through it.
struct EventBurst: ~Copyable {
    static let eventsMax = PayloadReader.burstSize

    let views: UnsafeMutableBufferPointer<EventView>
    /// Where each event belongs; unset for a rejection.
    let routes: UnsafeMutablePointer<Route>
    /// By what the channels' numbers are looked up, while memory is fetched for it.
    let hashes: UnsafeMutablePointer<UInt64>
    /// Their ids, where the source looks them up.
    var identities = IdentityBurst(capacity: eventsMax)

    init() {
        views = .allocate(capacity: Self.eventsMax)
        views.initialize(repeating: EventView())
        routes = .allocate(capacity: Self.eventsMax)
        hashes = .allocate(capacity: Self.eventsMax)
    }

    deinit {
        views.deallocate()
        routes.deallocate()
        hashes.deallocate()
    }
}
