import Glibc
import Platform
import Synchronization

/// An id on its way into its window; must not outlive the memory that the id points into.
package struct AnnouncedIdentity {
    let identity: PackedIdentity
    let source: Int
    /// Of the event's content; 0 when it is not known.
    let content: UInt64
    let hash: UInt64

    /// The shard's number.
    var shard: Int { Int(hash >> (64 - IdentityWindow.shardBits)) }
    /// What the shard's table goes by.
    var low: UInt32 { UInt32(truncatingIfNeeded: hash) }
}

/// The ids of the events of some time, by source: tells which event came before.
///
/// Ids are compared exactly. Beside each stands a hash of its event's content: an id that comes with
/// other content is another event's.
///
/// Any thread may call. Ids are spread over shards by a hash whose key changes with every process;
/// each shard has a lock, which is held for some dozen nanoseconds an id. There are few shards, so
/// that of a burst several ids go to the same: what a shard's lock guards then comes from another
/// core once for all of them. Memory grows with what comes
/// and goes back when it is older than the window. When it would grow beyond its limit, the oldest
/// ids are forgotten before their time, and ``figures`` say so.
///
/// A table of millions of ids fits no cache. ``announce(_:source:)`` has the memory come that a
/// search will look at, and ``admit(_:receivedAt:writer:job:)`` some microseconds later need not
/// wait for it. Only a table that grows allocates.
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
        /// Ids remembered, and the memory they take.
        package var ids = 0
        package var bytes = 0
        /// Ids forgotten for want of memory since the start.
        package var forgotten = 0
        /// How old the last of these was, in seconds: so far the window really reached then.
        package var forgottenAgeSeconds = 0
    }

    /// Of ``Configuration/memoryBytesMax``.
    package static let memoryBytesMin = 4 << 20
    /// Sources are numbered below it.
    package static let sourcesMax = 4_096
    package static let writersMax = 256
    fileprivate static let shardBits = 2
    private static let shardCount = 1 << shardBits
    private static let ringBytesMax = 16 << 30

    package let configuration: Configuration
    private let hash: IdentityHash
    private let cells: IdentityCells
    private let whereabouts: UnsafeMutablePointer<TableWhereabouts>
    private let used: UnsafeMutablePointer<Atomic<Int>>
    /// By writer: the number of the commit that takes in what it admits now.
    private let jobs: UnsafeMutablePointer<Atomic<UInt64>>
    private let memory: UnsafeMutableRawPointer
    private let memoryBytes: Int

    /// Reserves addresses; nil when the system has none left.
    package convenience init?(_ configuration: Configuration) {
        self.init(configuration, hash: .random)
    }

    init?(_ configuration: Configuration, hash: IdentityHash) {
        precondition(configuration.memoryBytesMax >= Self.memoryBytesMin, "too little memory")
        self.configuration = configuration
        self.hash = hash
        // Shards differ by chance only; twice the mean is never reached.
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
        jobs = .allocate(capacity: Self.writersMax)
        for writer in 0..<Self.writersMax { (jobs + writer).initialize(to: Atomic(0)) }
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
        jobs.deallocate()
        Pages.unmap(memory, memoryBytes)
    }

    /// What `writer` admits from now on becomes durable with its commit `job`, counted from 1; its
    /// own thread calls, before it admits.
    package func begin(job: UInt64, writer: Int) {
        jobs[writer].store(job, ordering: .releasing)
    }

    /// Has the memory come that ``admit(_:receivedAt:writer:job:)`` will look at, without waiting.
    ///
    /// - `identity`: of a form other than none.
    /// - `content`: a hash of the event's content; 0 when it is not known, which is the same as any.
    /// - `source`: below ``sourcesMax``.
    package func announce(
        _ identity: PackedIdentity,
        content: UInt64 = 0,
        source: Int
    ) -> AnnouncedIdentity {
        let hash = hash(identity, source: source)
        let announced = AnnouncedIdentity(
            identity: identity,
            source: source,
            content: content,
            hash: hash
        )
        whereabouts[announced.shard].fetchHome(of: announced.low)
        return announced
    }

    /// The same for the next of a burst; of form none it only takes its place.
    package func announce(
        _ identity: PackedIdentity,
        content: UInt64 = 0,
        source: Int,
        in burst: inout IdentityBurst
    ) {
        burst.append(
            identity.isNone
                ? AnnouncedIdentity(identity: identity, source: source, content: 0, hash: 0)
                : announce(identity, content: content, source: source)
        )
    }

    /// Looks an event's id up and takes it in when it is new: of several at the same time exactly
    /// one is.
    ///
    /// - `receivedAt`: microseconds since 1970 UTC; from 1970 to 2106.
    /// - `job`: as `begin` was told, or 0 for what is durable already.
    package func admit(
        _ announced: AnnouncedIdentity,
        receivedAt: Int64,
        writer: Int,
        job: UInt64
    ) -> IdentityVerdict {
        cells.withLock(announced.shard) { shard in
            admit(announced, into: &shard, receivedAt: receivedAt, writer: writer, job: job)
        }
    }

    /// The same for all ids of a burst, which are new or not as if they came one after the other.
    package func admit(
        _ burst: borrowing IdentityBurst,
        receivedAt: Int64,
        writer: Int,
        job: UInt64
    ) {
        var left = burst.shards
        while left != 0 {
            let at = left.trailingZeroBitCount
            left &= left - 1
            if left != 0 { cells.fetch(left.trailingZeroBitCount) }
            cells.withLock(at) { shard in
                burst.decide(at) {
                    admit($0, into: &shard, receivedAt: receivedAt, writer: writer, job: job)
                }
            }
        }
    }

    /// Whoever calls holds the shard's lock.
    @inline(__always)
    private func admit(
        _ announced: AnnouncedIdentity,
        into shard: inout IdentityShard,
        receivedAt: Int64,
        writer: Int,
        job: UInt64
    ) -> IdentityVerdict {
        let admission = shard.admit(
            announced,
            now: UInt32(clamping: receivedAt / 1_000_000),
            writer: writer,
            job: job
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
            job: whole(shard.arena.job(at: place), of: writer)
        )
    }

    /// The number of a commit of which the lower half was kept.
    ///
    /// It was no later than the writer's present one when the id came in, which the shard's lock has
    /// made visible here; four billion commits take longer than any window.
    private func whole(_ low: UInt32, of writer: Int) -> UInt64 {
        let latest = jobs[writer].load(ordering: .acquiring)
        let behind = UInt32(truncatingIfNeeded: latest) &- low
        return latest >= UInt64(behind) ? latest - UInt64(behind) : 0
    }

    /// Gives back what is older than the window; about once a second, by anybody.
    ///
    /// `now`: microseconds since 1970 UTC.
    package func expire(now: Int64) {
        let now = UInt32(clamping: now / 1_000_000)
        for at in 0..<Self.shardCount {
            // In steps, for a writer may be waiting.
            var count = 0
            repeat {
                count = cells.withLock(at) { $0.expire(now, countMax: 256) }
            } while count == 256
        }
    }

    /// The numbers of this moment.
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
