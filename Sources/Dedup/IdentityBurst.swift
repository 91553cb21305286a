/// The ids of several events that are looked up in the window together.
///
/// A shard's lock, the head of its table and the end of its records move between cores with every
/// admission. A burst moves them once for all its ids of a shard.
///
/// For one thread.
package struct IdentityBurst: ~Copyable {
    private let announced: UnsafeMutablePointer<AnnouncedIdentity>
    private let verdicts: UnsafeMutablePointer<IdentityVerdict>
    private let capacity: Int
    package private(set) var count = 0
    /// The shards of the ids, one bit each.
    private(set) var shards: UInt64 = 0

    /// Allocates room for `capacity` ids.
    package init(capacity: Int) {
        self.capacity = capacity
        announced = .allocate(capacity: capacity)
        verdicts = .allocate(capacity: capacity)
    }

    deinit {
        announced.deallocate()
        verdicts.deallocate()
    }

    /// Removes all ids.
    package mutating func clear() {
        count = 0
        shards = 0
    }

    /// Appends an id, even one of form none, so that indexes equal those of the events.
    mutating func append(_ identity: AnnouncedIdentity) {
        precondition(count < capacity, "no room for one more id")
        announced[count] = identity
        verdicts[count] = IdentityVerdict(isDuplicate: false)
        if !identity.identity.isNone { shards |= 1 << UInt64(identity.shard) }
        count += 1
    }

    /// The id at `place`, in order of appending.
    package func identity(at place: Int) -> PackedIdentity { announced[place].identity }

    /// The hash of that event's content.
    package func content(at place: Int) -> UInt64 { announced[place].content }

    /// The window's verdict on it; not a duplicate until `admit` was called.
    package func verdict(at place: Int) -> IdentityVerdict { verdicts[place] }

    /// Passes all ids of a shard, in order, to `verdict` and stores the results.
    @inline(__always)
    func decide(_ shard: Int, _ verdict: (AnnouncedIdentity) -> IdentityVerdict) {
        for at in 0..<count
        where announced[at].shard == shard && !announced[at].identity.isNone {
            verdicts[at] = verdict(announced[at])
        }
    }
}
