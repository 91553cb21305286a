import Events
import Glibc
import Platform

/// Maps partition values to small numbers, and limits new folders by a producer with ever new
/// values: beyond `valuesMax` distinct values in an hour, the rest share ``other``.
///
/// For one thread.
///
/// Open addressing over raw memory, so that the lookup of an event touches no Swift object.
struct ValueTable: ~Copyable {
    /// The number of `__other__`.
    static let other: UInt32 = 0

    private struct Entry {
        var hash: UInt64
        var bytes: UnsafeMutableRawPointer?
        var count: Int
        var id: UInt32
        /// The hour in which it last counted among the `valuesMax`.
        var hour: Int
    }

    private let valuesMax: Int
    private let slots: Int
    private let entries: UnsafeMutablePointer<Entry>
    private var used = 0
    private var hour = Int.min
    private var admitted = 0
    private var nextID: UInt32 = 1
    /// By number, starting at ``firstID``.
    private var names: [String] = []
    private var firstID: UInt32 = 1
    private var last: Int?

    init(valuesMax: Int) {
        self.valuesMax = valuesMax
        var slots = 64
        while slots < valuesMax * 8 { slots *= 2 }
        self.slots = slots
        // An empty entry is all zeros, and the system provides zeros without using memory for them:
        // a table for a million values uses only the memory of its values.
        guard let zeros = calloc(slots, MemoryLayout<Entry>.stride) else {
            preconditionFailure("no memory for \(slots) partition values")
        }
        entries = zeros.bindMemory(to: Entry.self, capacity: slots)
    }

    deinit {
        for at in 0..<slots { entries[at].bytes?.deallocate() }
        free(entries)
    }

    /// Returns the number of a value in an hour (hours since 1970).
    mutating func id(of value: UnsafeRawBufferPointer, hour: Int) -> UInt32 {
        if let last, self.hour == hour, matches(entries[last], value) { return entries[last].id }
        if self.hour != hour { turn(to: hour) }
        let hash = HiveValue.hash(value)
        var at = home(hash)
        while entries[at].bytes != nil {
            if entries[at].hash == hash, matches(entries[at], value) { return seen(at) }
            at = (at + 1) & (slots - 1)
        }
        return admit(value, hash: hash, at: at)
    }

    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots - 1) }

    /// Prefetches the entry where the search for a value begins, and returns the value's hash.
    func fetch(_ value: UnsafeRawBufferPointer) -> UInt64 {
        let hash = HiveValue.hash(value)
        Processor.prefetch(entries + home(hash))
        return hash
    }

    /// Prefetches the text that a value of this hash is compared with.
    func fetchText(hash: UInt64) {
        if let bytes = entries[home(hash)].bytes { Processor.prefetch(bytes) }
    }

    private func matches(_ entry: Entry, _ value: UnsafeRawBufferPointer) -> Bool {
        guard entry.count == value.count, let stored = entry.bytes else { return false }
        guard let bytes = value.baseAddress else { return true }
        return memcmp(stored, bytes, entry.count) == 0
    }

    /// Counts a known value for this hour when it is first seen in it.
    private mutating func seen(_ at: Int) -> UInt32 {
        if entries[at].hour != hour {
            guard admitted < valuesMax else { return Self.other }
            entries[at].hour = hour
            admitted += 1
        }
        last = at
        return entries[at].id
    }

    private mutating func admit(
        _ value: UnsafeRawBufferPointer,
        hash: UInt64,
        at: Int
    ) -> UInt32 {
        guard admitted < valuesMax else { return Self.other }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(1, value.count), alignment: 1)
        if let start = value.baseAddress { bytes.copyMemory(from: start, byteCount: value.count) }
        entries[at] = Entry(hash: hash, bytes: bytes, count: value.count, id: nextID, hour: hour)
        names.append(String(decoding: value, as: UTF8.self))
        nextID &+= 1
        used += 1
        admitted += 1
        last = at
        return entries[at].id
    }

    /// Begins a new hour, which admits values afresh; empties a table half full of old ones.
    private mutating func turn(to hour: Int) {
        self.hour = hour
        admitted = 0
        last = nil
        guard used * 2 > slots - valuesMax * 2 else { return }
        for at in 0..<slots {
            entries[at].bytes?.deallocate()
            entries[at].bytes = nil
        }
        used = 0
        firstID = nextID
        names.removeAll()
    }

    /// Returns the text of a number; `__other__` if it is no longer known.
    func name(_ id: UInt32) -> String {
        guard id >= firstID, Int(id - firstID) < names.count else { return HiveValue.other }
        return names[Int(id - firstID)]
    }
}
