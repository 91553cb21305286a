import Glibc

/// The records of a shard in order of arrival, in a ring of memory that the system provides only
/// where records are stored.
///
/// Record, 4-byte aligned, never across the end of a granule:
///
///     offset  bytes
///     0       4     from the lowest bit: scope (12 bits), writer (8), id's bytes or form (11),
///                   whether the id was received with other content since (1)
///     4       4     received at, seconds since 1970 UTC
///     8       4     the original's commit: the lowest 32 bits of its number
///     12      8     hash of the event's content, 0 for unknown
///     20            the packed id
///
/// Not thread-safe: the caller holds the shard's lock.
struct IdentityArena {
    /// The unit of memory, in bytes, that is taken from the system and returned to it.
    static let granuleBytes = 16 << 10
    static let headerBytes = 20
    private static let uuidCode: UInt32 = 0x7ff
    private static let paddingCode: UInt32 = 0x7fe
    private static let scopeMask: UInt32 = 0xfff
    private static let earlierBit: UInt32 = 1 << 31

    let base: UnsafeMutableRawPointer
    /// A multiple of ``granuleBytes``, at most 16 GiB.
    let ringBytes: Int
    /// Where the next record goes if its granule has room; the ring's end is the same as its start.
    private var head = 0
    /// The place of the oldest record; valid only if there is one.
    private(set) var oldest = 0
    /// When the oldest record was received, seconds since 1970 UTC: a copy, so that checking its
    /// age touches no record.
    private(set) var oldestSeconds: UInt32 = 0
    private var records = 0
    /// Granules in use; the head's counts even if all its records were dropped.
    private var granules = 0

    init(base: UnsafeMutableRawPointer, ringBytes: Int) {
        self.base = base
        self.ringBytes = ringBytes
    }

    var isEmpty: Bool { records == 0 }

    // MARK: - The newest

    static func byteCount(_ identity: PackedIdentity) -> Int {
        headerBytes + (identity.byteCount + 3) & ~3
    }

    /// Whether a record of `byteCount` bytes needs another granule.
    func needsGranule(for byteCount: Int) -> Bool {
        let used = head % Self.granuleBytes
        return used == 0 || used + byteCount > Self.granuleBytes
    }

    /// Whether the ring has a free granule.
    var hasGranule: Bool { granules < ringBytes / Self.granuleBytes }

    /// Stores a record at the head, which must have room, and returns its place in the ring.
    mutating func append(
        _ identity: PackedIdentity,
        content: UInt64,
        scope: Int,
        seconds: UInt32,
        writer: Int,
        commit: UInt32
    ) -> Int {
        let byteCount = Self.byteCount(identity)
        if needsGranule(for: byteCount) { enterGranule() }
        let place = head
        if records == 0 { (oldest, oldestSeconds) = (place, seconds) }
        records += 1
        head += byteCount
        let record = base + place
        let code = identity.form == .uuid ? Self.uuidCode : UInt32(identity.text.count)
        let word = UInt32(scope) | UInt32(writer) << 12 | code << 20
        record.storeBytes(of: word, as: UInt32.self)
        record.storeBytes(of: seconds, toByteOffset: 4, as: UInt32.self)
        record.storeBytes(of: commit, toByteOffset: 8, as: UInt32.self)
        record.storeBytes(of: content, toByteOffset: 12, as: UInt64.self)
        if identity.form == .uuid {
            // A record's id is 4-byte aligned only.
            withUnsafeBytes(of: (identity.first, identity.second)) {
                if let id = $0.baseAddress {
                    (record + Self.headerBytes).copyMemory(from: id, byteCount: 16)
                }
            }
        } else if let start = identity.text.baseAddress {
            (record + Self.headerBytes).copyMemory(from: start, byteCount: identity.text.count)
        }
        return place
    }

    /// Moves the head to the start of the next granule.
    private mutating func enterGranule() {
        let used = head % Self.granuleBytes
        if used > 0 {
            (base + head).storeBytes(of: Self.paddingCode << 20, as: UInt32.self)
            head += Self.granuleBytes - used
        }
        if head == ringBytes { head = 0 }
        granules += 1
    }

    /// Frees the head's granule in an empty arena and moves past it; returns the bytes freed.
    mutating func leaveGranule() -> Int {
        let used = head % Self.granuleBytes
        guard used > 0 else { return 0 }
        giveBack(granule: head / Self.granuleBytes)
        head += Self.granuleBytes - used
        return Self.granuleBytes
    }

    // MARK: - Records by place

    func seconds(at place: Int) -> UInt32 {
        (base + place).load(fromByteOffset: 4, as: UInt32.self)
    }

    func commit(at place: Int) -> UInt32 { (base + place).load(fromByteOffset: 8, as: UInt32.self) }

    func writer(at place: Int) -> Int {
        Int((base + place).load(as: UInt32.self) >> 12 & 0xff)
    }

    func scope(at place: Int) -> Int {
        Int((base + place).load(as: UInt32.self) & Self.scopeMask)
    }

    /// The hash of the event's content, 0 if unknown.
    func content(at place: Int) -> UInt64 {
        (base + place).loadUnaligned(fromByteOffset: 12, as: UInt64.self)
    }

    /// Whether the id was received with other content since.
    func isEarlier(at place: Int) -> Bool {
        (base + place).load(as: UInt32.self) & Self.earlierBit != 0
    }

    func markEarlier(at place: Int) {
        let word = (base + place).load(as: UInt32.self)
        (base + place).storeBytes(of: word | Self.earlierBit, as: UInt32.self)
    }

    private func code(at place: Int) -> UInt32 {
        (base + place).load(as: UInt32.self) >> 20 & 0x7ff
    }

    /// The id of a record; valid until the record is dropped.
    func identity(at place: Int) -> PackedIdentity {
        let start = base + place + Self.headerBytes
        let code = self.code(at: place)
        guard code != Self.uuidCode else {
            return PackedIdentity(
                first: start.loadUnaligned(as: UInt64.self),
                second: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        return PackedIdentity(text: UnsafeRawBufferPointer(start: start, count: Int(code)))
    }

    /// Whether the record at `place` is the newest of this id, or an earlier one if `isEarlier`.
    func holds(
        _ identity: PackedIdentity,
        scope: Int,
        isEarlier: Bool = false,
        at place: Int
    ) -> Bool {
        let word = (base + place).load(as: UInt32.self) & (Self.scopeMask | Self.earlierBit)
        guard word == UInt32(scope) | (isEarlier ? Self.earlierBit : 0) else { return false }
        let start = base + place + Self.headerBytes
        if identity.form == .uuid {
            return code(at: place) == Self.uuidCode
                && start.loadUnaligned(as: UInt64.self) == identity.first
                && start.loadUnaligned(fromByteOffset: 8, as: UInt64.self) == identity.second
        }
        guard code(at: place) == UInt32(identity.text.count), let text = identity.text.baseAddress
        else { return false }
        return memcmp(start, text, identity.text.count) == 0
    }

    // MARK: - The oldest

    /// The granule of the oldest record.
    var oldestGranule: Int { oldest / Self.granuleBytes }

    /// Whether the records are in more than one granule.
    var hasSeveralGranules: Bool { granules > 1 }

    /// Bytes of the record at `place`.
    func byteCount(at place: Int) -> Int {
        Self.byteCount(of: UnsafeRawBufferPointer(start: base + place, count: Self.headerBytes))
    }

    /// Bytes of a record that begins with these.
    static func byteCount(of record: UnsafeRawBufferPointer) -> Int {
        let code = record.load(as: UInt32.self) >> 20 & 0x7ff
        let idBytes = code == uuidCode ? 16 : Int(code)
        return headerBytes + (idBytes + 3) & ~3
    }

    /// Stores a copy of a record, as ``record(at:)`` had it, at the head; returns its place.
    ///
    /// The head must have room.
    mutating func append(copy: UnsafeRawBufferPointer) -> Int {
        if needsGranule(for: copy.count) { enterGranule() }
        let place = head
        if records == 0 {
            let seconds = copy.load(fromByteOffset: 4, as: UInt32.self)
            (oldest, oldestSeconds) = (place, seconds)
        }
        records += 1
        head += copy.count
        UnsafeMutableRawBufferPointer(start: base + place, count: copy.count).copyMemory(from: copy)
        return place
    }

    /// The bytes of the record at `place`.
    func record(at place: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + place, count: byteCount(at: place))
    }

    /// Drops the oldest record, returns a granule that it left to the system, and returns the bytes
    /// freed.
    mutating func dropOldest() -> Int {
        let granule = oldestGranule
        var next = oldest + byteCount(at: oldest)
        records -= 1
        let isPadding =
            next % Self.granuleBytes != 0 && records > 0 && self.code(at: next) == Self.paddingCode
        if isPadding { next = (granule + 1) * Self.granuleBytes }
        let hasLeft = next / Self.granuleBytes > granule
        oldest = next == ringBytes ? 0 : next
        if records > 0 { oldestSeconds = seconds(at: oldest) }
        guard hasLeft else { return 0 }
        giveBack(granule: granule)
        return Self.granuleBytes
    }

    private mutating func giveBack(granule: Int) {
        granules -= 1
        madvise(base + granule * Self.granuleBytes, Self.granuleBytes, MADV_DONTNEED)
    }
}
