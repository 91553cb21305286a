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
    var shares = IdentityShares()
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

    func free() {
        table.free()
        shares.free()
    }

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
        var at = find(identity, scope: announced.scope, hash: hash)
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
            guard makeRoom(byteCount, for: announced.scope, at: now) else {
                (forgotten, forgottenAge) = (forgotten + 1, 0)
                return .new(isReused: isReused)
            }
            at = table.freeSlot(hash)
        }
        let place = arena.append(
            identity,
            content: announced.content,
            scope: announced.scope,
            seconds: now,
            writer: writer,
            commit: UInt32(truncatingIfNeeded: commit)
        )
        shares.add(announced.scope, byteCount)
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
                    scope: announced.scope,
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
    private func find(_ identity: PackedIdentity, scope: Int, hash: UInt32) -> Int {
        var at = table.home(hash)
        while let place = table.place(at: at) {
            let isIt =
                IdentityTable.hash(table.slots[at]) == hash
                && arena.holds(identity, scope: scope, at: place)
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
        let low = tableHash(at: place)
        if let at = table.find(low, place: place) {
            table.remove(at: at)
        }
        shares.remove(arena.scope(at: place), arena.byteCount(at: place))
        let freed = arena.dropOldest()
        if freed > 0 { budget.give(freed) }
        return freed
    }

    /// The hash by which the table has the record at `place`.
    private func tableHash(at place: Int) -> UInt32 {
        let hash = self.hash(arena.identity(at: place), scope: arena.scope(at: place))
        return arena.isEarlier(at: place)
            ? Self.earlierHash(hash, arena.content(at: place)) : UInt32(truncatingIfNeeded: hash)
    }

    /// Drops the oldest record, counting it as forgotten if it has not expired.
    private mutating func forgetOldest(_ now: UInt32) {
        if !isExpired(arena.oldestSeconds, now) {
            forgotten += 1
            forgottenAge = max(0, Int(now) - Int(arena.oldestSeconds))
        }
        dropOldest()
    }

    /// Makes room for one more record of `byteCount` bytes, of a scope; may move slots.
    ///
    /// Returns false if others would lose theirs for a scope that has more than its share.
    @inline(never)
    private mutating func makeRoom(
        _ byteCount: Int,
        for scope: Int,
        at now: UInt32
    ) -> Bool {
        var request = Request(scope: scope, now: now)
        if table.isFull, !growTable(&request) { return false }
        return !arena.needsGranule(for: byteCount) || takeGranule(for: byteCount, &request)
    }

    private mutating func growTable(_ request: inout Request) -> Bool {
        let byteCount = table.capacityNext * IdentityTable.slotBytes
        if budget.take(byteCount) {
            let before = table.byteCount
            table.grow()
            whereabouts.pointee.tell(table)
            budget.give(before)
            return true
        }
        while table.isFull, !arena.isEmpty {
            guard forget(&request) else { return false }
        }
        return true
    }

    private mutating func takeGranule(for byteCount: Int, _ request: inout Request) -> Bool {
        if arena.isEmpty { budget.give(arena.leaveGranule()) }
        while arena.needsGranule(for: byteCount) {
            if arena.hasGranule, budget.take(IdentityArena.granuleBytes) { return true }
            guard !arena.isEmpty else {
                budget.insist(IdentityArena.granuleBytes)
                return true
            }
            guard forget(&request) else { return false }
        }
        return true
    }

    // MARK: - Shares

    /// A record for which room is made.
    private struct Request {
        let scope: Int
        /// Seconds since 1970 UTC.
        let now: UInt32
        /// How many granules may still be moved for it.
        ///
        /// Scopes above their share have a quarter of the records, so three are moved per forgotten
        /// one in the long run, wherever they are.
        var moves = 4
    }

    /// Forgets the oldest record, or those of the oldest granule whose scopes have more than their
    /// share; returns false if the record that needs room has to go without.
    private mutating func forget(_ request: inout Request) -> Bool {
        let isKept =
            arena.hasSeveralGranules
            && !isExpired(arena.oldestSeconds, request.now)
            && shares.protects(arena.scope(at: arena.oldest))
        guard isKept, request.moves > 0 || shares.isOver(request.scope) else {
            forgetOldest(request.now)
            return true
        }
        guard request.moves > 0 else { return false }
        request.moves -= 1
        moveGranule(request.now)
        return true
    }

    /// Moves the records of the oldest granule to the end, except those that have expired, and those
    /// whose scopes have more than their share, which it forgets.
    @inline(never)
    private mutating func moveGranule(_ now: UInt32) {
        let granule = arena.oldestGranule
        withUnsafeTemporaryAllocation(
            byteCount: IdentityArena.granuleBytes,
            alignment: MemoryLayout<UInt64>.alignment
        ) { kept in
            var count = 0
            while !arena.isEmpty, arena.oldestGranule == granule {
                let place = arena.oldest
                let isKept =
                    !isExpired(arena.oldestSeconds, now)
                    && shares.protects(arena.scope(at: place))
                guard isKept else {
                    forgetOldest(now)
                    continue
                }
                let record = arena.record(at: place)
                UnsafeMutableRawBufferPointer(rebasing: kept[count...]).copyMemory(from: record)
                count += record.count
                dropOldest()
            }
            append(copies: UnsafeRawBufferPointer(rebasing: kept[..<count]))
        }
    }

    private mutating func append(copies: UnsafeRawBufferPointer) {
        var rest = copies
        while !rest.isEmpty {
            let byteCount = IdentityArena.byteCount(of: rest)
            // The granule that was left has as much.
            if arena.needsGranule(for: byteCount) { budget.insist(IdentityArena.granuleBytes) }
            let place = arena.append(copy: UnsafeRawBufferPointer(rebasing: rest[..<byteCount]))
            let hash = tableHash(at: place)
            shares.add(arena.scope(at: place), byteCount)
            table.insert(hash, place: place, at: table.freeSlot(hash))
            rest = UnsafeRawBufferPointer(rebasing: rest[byteCount...])
        }
    }
}
