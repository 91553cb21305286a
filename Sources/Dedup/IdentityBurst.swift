/// Ids of some events on their way into the window together.
///
/// A shard's lock, the head of its table and the end of its records move from core to core with
/// whoever takes ids in. With a burst they move once for all ids that a shard gets of it.
///
/// One thread.
package struct IdentityBurst: ~Copyable {
    private let announced: UnsafeMutablePointer<AnnouncedIdentity>
    private let verdicts: UnsafeMutablePointer<IdentityVerdict>
    private let capacity: Int
    package private(set) var count = 0
    /// The shards that get an id, a bit each.
    private(set) var shards: UInt64 = 0

    /// Room for so many ids.
    package init(capacity: Int) {
        self.capacity = capacity
        announced = .allocate(capacity: capacity)
        verdicts = .allocate(capacity: capacity)
    }

    deinit {
        announced.deallocate()
        verdicts.deallocate()
    }

    /// Forgets all ids.
    package mutating func clear() {
        count = 0
        shards = 0
    }

    /// Takes one more in, also one of form none, so that places are those of the events.
    mutating func append(_ identity: AnnouncedIdentity) {
        precondition(count < capacity, "no room for one more id")
        announced[count] = identity
        verdicts[count] = IdentityVerdict(isDuplicate: false)
        if !identity.identity.isNone { shards |= 1 << UInt64(identity.shard) }
        count += 1
    }

    /// An id, by the order in which they came.
    package func identity(at place: Int) -> PackedIdentity { announced[place].identity }

    /// The hash of its event's content.
    package func content(at place: Int) -> UInt64 { announced[place].content }

    /// What the window said of it; not a duplicate before it was asked.
    package func verdict(at place: Int) -> IdentityVerdict { verdicts[place] }

    /// Gives all ids of a shard, in order, and keeps what is said of them.
    @inline(__always)
    func decide(_ shard: Int, _ verdict: (AnnouncedIdentity) -> IdentityVerdict) {
        for at in 0..<count
        where announced[at].shard == shard && !announced[at].identity.isNone {
            verdicts[at] = verdict(announced[at])
        }
    }
}
