import Synchronization

/// The window's answer for one event.
package struct IdentityVerdict: Sendable, Equatable {
    /// Whether the same id was received before with the same content.
    package var isDuplicate: Bool
    /// Whether the same id was received before, but only with other content.
    package var isReused = false
    /// The original's writer, and the number of the commit that makes it durable; 0 if it was
    /// durable before this run.
    package var writer = 0
    package var commit = CommitNumber.none
}

/// A part of the window with its own lock.
struct IdentityShard {
    /// The bytes that all shards use together, and their limit.
    struct Budget {
        let used: UnsafeMutablePointer<Atomic<Int>>
        let bytesMax: Int

        /// Takes bytes; returns false if fewer are left.
        func take(_ byteCount: Int) -> Bool {
            var before = used.pointee.load(ordering: .relaxed)
            while before + byteCount <= bytesMax {
                let (isDone, now) = used.pointee.compareExchange(
                    expected: before,
                    desired: before + byteCount,
                    ordering: .relaxed
                )
                if isDone { return true }
                before = now
            }
            return false
        }

        /// Takes bytes from the reserve that lets every shard hold at least one id.
        func insist(_ byteCount: Int) {
            used.pointee.wrappingAdd(byteCount, ordering: .relaxed)
        }

        func give(_ byteCount: Int) {
            used.pointee.wrappingSubtract(byteCount, ordering: .relaxed)
        }
    }

    var table = IdentityTable()
    var arena: IdentityArena
    let windowSeconds: Int
    let hash: IdentityHash
    let budget: Budget
    let whereabouts: UnsafeMutablePointer<TableWhereabouts>
    /// Ids dropped before they expired, and the age of the last of them in seconds.
    private(set) var forgotten = 0
    private(set) var forgottenAge = 0

    /// `whereabouts`: memory that this shard uses from now on.
    init(
        arena: IdentityArena,
        hash: IdentityHash,
        budget: Budget,
        windowSeconds: Int,
        whereabouts: UnsafeMutablePointer<TableWhereabouts>
    ) {
        self.arena = arena
        self.hash = hash
        self.budget = budget
        self.windowSeconds = windowSeconds
        self.whereabouts = whereabouts
        whereabouts.initialize(to: TableWhereabouts())
        whereabouts.pointee.tell(table)
    }

    /// The guaranteed memory of a shard: its first table and one granule.
    static let bytesMin =
        IdentityArena.granuleBytes + IdentityTable.capacityFirst * IdentityTable.slotBytes

    func free() { table.free() }

    private func isExpired(_ seconds: UInt32, _ now: UInt32) -> Bool {
        Int(now) - Int(seconds) > windowSeconds
    }

    /// The outcome of admitting an id.
    enum Admission {
        /// It was received before with the same content; the value is the place of that record.
        case duplicate(Int)
        /// It was stored; the value tells whether it was received before with other content.
        case new(isReused: Bool)
    }

    /// Looks an id up, and stores it unless it was received with this content within the window.
    ///
    /// The table holds an id's newest record under the hash of the id, and earlier ones, with other
    /// content, under a hash of id and content. So each is one lookup, however many there are.
    /// While any record of an id is stored, so is its newest.
    mutating func admit(
        _ announced: AnnouncedIdentity,
        now: UInt32,
        writer: Int,
        commit: UInt64
    ) -> Admission {
        let (identity, hash) = (announced.identity, announced.low)
        // Drop two per insertion, so that memory shrinks with the traffic too.
        expire(now, countMax: 2)
        var at = find(identity, source: announced.source, hash: hash)
        var isReused = false
        if let place = table.place(at: at) {
            if isExpired(arena.seconds(at: place), now) {
                table.remove(at: at)
            } else if Self.isSame(arena.content(at: place), announced.content) {
                return .duplicate(place)
            } else {
                if let earlier = reuse(announced, place: place, now: now) {
                    return .duplicate(earlier)
                }
                isReused = true
            }
            at = table.freeSlot(hash)
        }
        let byteCount = IdentityArena.byteCount(identity)
        if table.isFull || arena.needsGranule(for: byteCount) {
            makeRoom(byteCount, now)
            at = table.freeSlot(hash)
        }
        let place = arena.append(
            identity,
            content: announced.content,
            source: announced.source,
            seconds: now,
            writer: writer,
            commit: UInt32(truncatingIfNeeded: commit)
        )
        table.insert(hash, place: place, at: at)
        return .new(isReused: isReused)
    }

    /// Unknown content equals any other: then the id alone decides.
    private static func isSame(_ one: UInt64, _ other: UInt64) -> Bool {
        one == other || one == 0 || other == 0
    }

    /// Handles an id whose newest record, at `place`, has other content: returns the earlier record
    /// with this content; or marks the newest one as earlier, so that another can take its slot,
    /// and returns nil.
    @inline(never)
    private mutating func reuse(
        _ announced: AnnouncedIdentity,
        place: Int,
        now: UInt32
    ) -> Int? {
        let hash = Self.earlierHash(announced.hash, announced.content)
        let at = findEarlier(announced, hash)
        if let earlier = table.place(at: at) {
            if !isExpired(arena.seconds(at: earlier), now) { return earlier }
            table.remove(at: at)
        }
        if let newest = table.find(announced.low, place: place) { table.remove(at: newest) }
        arena.markEarlier(at: place)
        let moved = Self.earlierHash(announced.hash, arena.content(at: place))
        table.insert(moved, place: place, at: table.freeSlot(moved))
        return nil
    }

    private func findEarlier(_ announced: AnnouncedIdentity, _ hash: UInt32) -> Int {
        var at = table.home(hash)
        while let place = table.place(at: at) {
            let isIt =
                IdentityTable.hash(table.slots[at]) == hash
                && arena.content(at: place) == announced.content
                && arena.holds(
                    announced.identity,
                    source: announced.source,
                    isEarlier: true,
                    at: place
                )
            if isIt { break }
            at = table.following(at)
        }
        return at
    }

    /// Returns the table hash of a record that is not the newest of its id.
    private static func earlierHash(_ hash: UInt64, _ content: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: (hash ^ content) &* 0x9E37_79B9_7F4A_7C15 >> 32)
    }

    /// Returns the slot of an id, or the free one where the search for it ended.
    ///
    /// Inlined, because a method of a large struct is otherwise passed a copy of it.
    @inline(__always)
    private func find(_ identity: PackedIdentity, source: Int, hash: UInt32) -> Int {
        var at = table.home(hash)
        while let place = table.place(at: at) {
            let isIt =
                IdentityTable.hash(table.slots[at]) == hash
                && arena.holds(identity, source: source, at: place)
            if isIt { break }
            at = table.following(at)
        }
        return at
    }

    /// Drops at most `countMax` records older than the window; returns how many it dropped.
    @discardableResult
    mutating func expire(_ now: UInt32, countMax: Int) -> Int {
        var count = 0
        while count < countMax, !arena.isEmpty, isExpired(arena.oldestSeconds, now) {
            dropOldest()
            count += 1
        }
        return count
    }

    /// Drops the oldest record; returns the bytes of memory freed.
    @discardableResult
    private mutating func dropOldest() -> Int {
        let place = arena.oldest
        let hash = self.hash(arena.identity(at: place), source: arena.source(at: place))
        let low =
            arena.isEarlier(at: place)
            ? Self.earlierHash(hash, arena.content(at: place)) : UInt32(truncatingIfNeeded: hash)
        if let at = table.find(low, place: place) {
            table.remove(at: at)
        }
        let freed = arena.dropOldest()
        if freed > 0 { budget.give(freed) }
        return freed
    }

    /// Drops the oldest record, counting it as forgotten if it has not expired.
    private mutating func forgetOldest(_ now: UInt32) -> Int {
        if !isExpired(arena.oldestSeconds, now) {
            forgotten += 1
            forgottenAge = max(0, Int(now) - Int(arena.oldestSeconds))
        }
        return dropOldest()
    }

    /// Makes room for one more record of `byteCount` bytes; may move slots.
    @inline(never)
    private mutating func makeRoom(_ byteCount: Int, _ now: UInt32) {
        if table.isFull { growTable(now) }
        if arena.needsGranule(for: byteCount) { takeGranule(now) }
    }

    private mutating func growTable(_ now: UInt32) {
        let byteCount = table.capacityNext * IdentityTable.slotBytes
        if budget.take(byteCount) {
            let before = table.byteCount
            table.grow()
            whereabouts.pointee.tell(table)
            budget.give(before)
            return
        }
        while table.isFull, !arena.isEmpty { _ = forgetOldest(now) }
    }

    private mutating func takeGranule(_ now: UInt32) {
        if arena.isEmpty { budget.give(arena.leaveGranule()) }
        while true {
            if arena.hasGranule, budget.take(IdentityArena.granuleBytes) { return }
            if arena.isEmpty { break }
            _ = forgetOldest(now)
        }
        budget.insist(IdentityArena.granuleBytes)
    }
}
