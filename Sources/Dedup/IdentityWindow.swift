import Glibc
import Platform
import Synchronization

/// An id prepared for lookup in its window; must not outlive the memory that the id points into.
package struct AnnouncedIdentity {
    let identity: PackedIdentity
    let scope: Int
    /// The hash of the event's content; 0 if unknown.
    let content: UInt64
    let hash: UInt64

    /// The index of the id's shard.
    var shard: Int { Int(hash >> (64 - IdentityWindow.shardBits)) }
    /// The part of the hash that the shard's table uses.
    var low: UInt32 { UInt32(truncatingIfNeeded: hash) }
}

/// The ids of recent events, by scope; recognises duplicates.
///
/// A scope is whatever ids must be unique in: a source, or one of its producers.
///
/// Ids are compared exactly. Each is stored with a hash of its event's content: the same id with
/// other content belongs to another event.
///
/// Any thread may call. A hash with a random key per process distributes ids over shards; each
/// shard has a lock, which is held for a few dozen nanoseconds per id. There are few shards, so
/// that several ids of a burst share one: the data under its lock then moves between cores once for
/// all of them. Memory grows with the traffic and is freed when its ids are older than the window.
/// At the memory limit the oldest ids are forgotten early; ``figures`` count them.
///
/// A table of millions of ids fits no cache. ``announce(_:scope:)`` prefetches what a search will
/// read, so that ``admit(_:receivedAt:writer:commit:)`` some microseconds later need not wait for it.
/// Only a growing table allocates.
package final class IdentityWindow: @unchecked Sendable {
    package struct Configuration: Sendable, Equatable {
        /// How long an id is remembered; whole seconds.
        package var window: Duration
        /// Bytes of tables and records, at least ``memoryBytesMin``.
        package var memoryBytesMax: Int

        package init(window: Duration = .seconds(86_400), memoryBytesMax: Int = 256 << 20) {
            self.window = window
            self.memoryBytesMax = memoryBytesMax
        }
    }

    package struct Figures: Sendable, Equatable {
        /// Ids remembered, and their memory in bytes.
        package var ids = 0
        package var bytes = 0
        /// Ids forgotten early since the start, for lack of memory.
        package var forgotten = 0
        /// The age in seconds of the last forgotten id: how far the window really reached then.
        package var forgottenAgeSeconds = 0
    }

    /// The lower limit of ``Configuration/memoryBytesMax``.
    package static let memoryBytesMin = 4 << 20
    /// Source numbers are below it.
    package static let scopesMax = 4_096
    package static let writersMax = 256
    fileprivate static let shardBits = 2
    private static let shardCount = 1 << shardBits
    private static let ringBytesMax = 16 << 30

    package let configuration: Configuration
    private let hash: IdentityHash
    private let cells: IdentityCells
    private let whereabouts: UnsafeMutablePointer<TableWhereabouts>
    private let used: UnsafeMutablePointer<Atomic<Int>>
    /// By writer: the number of the commit that will contain what it admits now.
    private let commits: UnsafeMutablePointer<Atomic<CommitNumber>>
    private let memory: UnsafeMutableRawPointer
    private let memoryBytes: Int

    /// Reserves addresses; returns nil if the system has none left.
    package convenience init?(_ configuration: Configuration) {
        self.init(configuration, hash: .random)
    }

    init?(_ configuration: Configuration, hash: IdentityHash) {
        precondition(configuration.memoryBytesMax >= Self.memoryBytesMin, "too little memory")
        self.configuration = configuration
        self.hash = hash
        // Shards differ only by chance; none reaches twice the mean.
        let share = configuration.memoryBytesMax * 2 / Self.shardCount
        let granules = min(share, Self.ringBytesMax) / IdentityArena.granuleBytes
        let ringBytes = granules * IdentityArena.granuleBytes
        memoryBytes = ringBytes * Self.shardCount
        guard let memory = Pages.map(memoryBytes, isReserved: false) else {
            return nil
        }
        self.memory = memory
        used = .allocate(capacity: 1)
        used.initialize(to: Atomic(0))
        commits = .allocate(capacity: Self.writersMax)
        for writer in 0..<Self.writersMax { (commits + writer).initialize(to: Atomic(.none)) }
        whereabouts = .allocate(capacity: Self.shardCount)
        cells = IdentityCells(count: Self.shardCount)
        let budget = IdentityShard.Budget(
            used: used,
            bytesMax: configuration.memoryBytesMax - Self.shardCount * IdentityShard.bytesMin
        )
        for at in 0..<Self.shardCount {
            let shard = IdentityShard(
                arena: IdentityArena(base: memory + at * ringBytes, ringBytes: ringBytes),
                hash: hash,
                budget: budget,
                windowSeconds: Int(configuration.window.components.seconds),
                whereabouts: whereabouts + at
            )
            budget.insist(shard.table.byteCount)
            cells.fill(at, shard)
        }
    }

    deinit {
        cells.free()
        whereabouts.deinitialize(count: Self.shardCount)
        whereabouts.deallocate()
        used.deallocate()
        commits.deallocate()
        Pages.unmap(memory, memoryBytes)
    }

    /// Sets the commit `commit`, counted from 1, that makes durable what `writer` admits from now on;
    /// called by the writer's own thread before it admits.
    package func begin(commit: CommitNumber, writer: Int) {
        commits[writer].store(commit, ordering: .releasing)
    }

    /// Prepares a lookup: prefetches what ``admit(_:receivedAt:writer:commit:)`` will read.
    ///
    /// - `identity`: of a form other than none.
    /// - `content`: a hash of the event's content; 0 if unknown, which equals any other.
    /// - `scope`: below ``scopesMax``.
    package func announce(
        _ identity: PackedIdentity,
        content: UInt64 = 0,
        scope: Int
    ) -> AnnouncedIdentity {
        let hash = hash(identity, scope: scope)
        let announced = AnnouncedIdentity(
            identity: identity,
            scope: scope,
            content: content,
            hash: hash
        )
        whereabouts[announced.shard].fetchHome(of: announced.low)
        return announced
    }

    /// Prepares the next id of a burst in the same way; one of form none only takes its place.
    package func announce(
        _ identity: PackedIdentity,
        content: UInt64 = 0,
        scope: Int,
        in burst: inout IdentityBurst
    ) {
        burst.append(
            identity.isNone
                ? AnnouncedIdentity(identity: identity, scope: scope, content: 0, hash: 0)
                : announce(identity, content: content, scope: scope)
        )
    }

    /// Looks an event's id up and stores it if it is new; of concurrent calls exactly one finds it
    /// new.
    ///
    /// - `receivedAt`: microseconds since 1970 UTC; from 1970 to 2106.
    /// - `commit`: as passed to `begin`, or 0 if the event is durable already.
    package func admit(
        _ announced: AnnouncedIdentity,
        receivedAt: Int64,
        writer: Int,
        commit: CommitNumber
    ) -> IdentityVerdict {
        cells.withLock(announced.shard) { shard in
            admit(announced, into: &shard, receivedAt: receivedAt, writer: writer, commit: commit)
        }
    }

    /// Admits all ids of a burst, with the same verdicts as one after the other in order.
    package func admit(
        _ burst: borrowing IdentityBurst,
        receivedAt: Int64,
        writer: Int,
        commit: CommitNumber
    ) {
        var left = burst.shards
        while left != 0 {
            let at = left.trailingZeroBitCount
            left &= left - 1
            if left != 0 { cells.fetch(left.trailingZeroBitCount) }
            cells.withLock(at) { shard in
                burst.decide(at) {
                    admit($0, into: &shard, receivedAt: receivedAt, writer: writer, commit: commit)
                }
            }
        }
    }

    /// The caller holds the shard's lock.
    @inline(__always)
    private func admit(
        _ announced: AnnouncedIdentity,
        into shard: inout IdentityShard,
        receivedAt: Int64,
        writer: Int,
        commit: CommitNumber
    ) -> IdentityVerdict {
        let admission = shard.admit(
            announced,
            now: UInt32(clamping: receivedAt / 1_000_000),
            writer: writer,
            commit: commit.rawValue
        )
        let place: Int
        switch admission {
        case .new(let isReused): return IdentityVerdict(isDuplicate: false, isReused: isReused)
        case .duplicate(let original): place = original
        }
        let writer = shard.arena.writer(at: place)
        return IdentityVerdict(
            isDuplicate: true,
            writer: writer,
            commit: whole(shard.arena.commit(at: place), of: writer)
        )
    }

    /// Restores the number of a commit from its stored lower half.
    ///
    /// When the id was stored, that number was at most the writer's present one, which the shard's
    /// lock makes visible here; four billion commits take longer than any window.
    private func whole(_ low: UInt32, of writer: Int) -> CommitNumber {
        let latest = commits[writer].load(ordering: .acquiring).rawValue
        let behind = UInt32(truncatingIfNeeded: latest) &- low
        return latest >= UInt64(behind)
            ? CommitNumber(rawValue: latest - UInt64(behind)) : .none
    }

    /// Frees what is older than the window; call it about once a second, from any thread.
    ///
    /// `now`: microseconds since 1970 UTC.
    package func expire(now: Int64) {
        let now = UInt32(clamping: now / 1_000_000)
        for at in 0..<Self.shardCount {
            // In steps, because a writer may be waiting for the lock.
            var count = 0
            repeat {
                count = cells.withLock(at) { $0.expire(now, countMax: 256) }
            } while count == 256
        }
    }

    /// A snapshot of the counters.
    package var figures: Figures {
        var figures = Figures(bytes: used.pointee.load(ordering: .relaxed))
        for at in 0..<Self.shardCount {
            cells.withLock(at) { shard in
                figures.ids += shard.table.count
                guard shard.forgotten > 0 else { return }
                let age = shard.forgottenAge
                figures.forgottenAgeSeconds =
                    figures.forgotten == 0 ? age : min(figures.forgottenAgeSeconds, age)
                figures.forgotten += shard.forgotten
            }
        }
        return figures
    }
}
