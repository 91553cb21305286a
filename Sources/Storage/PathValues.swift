import Events
import Glibc

/// Numbers for the values that events have at the paths in `partition.path`, and for their combinations
/// with the event's name.
///
/// Each path has at most `valuesMax` distinct values in an hour, as the channel has. What is beyond them,
/// or beyond the combinations of an hour, is ``HiveValue/other``. One thread, the writer's.
final class PathValues {
    /// Combinations in an hour: folders by a producer with ever new ones.
    static func perHour(valuesMax: Int) -> Int { min(max(4_096, valuesMax), 65_536) }
    /// Combinations that are remembered, a power of two; beyond them all are forgotten.
    private static let rowsMax = 1 << 18

    private let count: Int
    private let tables: UnsafeMutablePointer<ValueTable>
    /// Of each combination the number of the event's name, those of the values, and the hour in which it
    /// last counted.
    private let rows: UnsafeMutablePointer<UInt32>
    /// The places of rows by their hash, from 1; 0 is free, and there are twice as many as rows.
    private let places: UnsafeMutablePointer<UInt32>
    private var rowCount = 0
    private var firstNumber: UInt32 = 1
    private let perHour: Int
    private var hour = Int.min
    private var admitted = 0
    /// The values of the event that is routed; empty where it has none.
    var values = UnsafeBufferPointer<UnsafeRawBufferPointer>(start: nil, count: 0)

    /// - `count`: of the paths, at least one.
    init(count: Int, valuesMax: Int) {
        self.count = count
        perHour = Self.perHour(valuesMax: valuesMax)
        tables = .allocate(capacity: count)
        for at in 0..<count { (tables + at).initialize(to: ValueTable(valuesMax: valuesMax)) }
        // The system provides zeros without using memory for them.
        rows = Self.zeros((count + 2) * Self.rowsMax)
        places = Self.zeros(2 * Self.rowsMax)
    }

    deinit {
        tables.deinitialize(count: count)
        tables.deallocate()
        free(rows)
        free(places)
    }

    private static func zeros(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        guard let zeros = calloc(count, MemoryLayout<UInt32>.stride) else {
            preconditionFailure("no memory for combinations of partition values")
        }
        return zeros.bindMemory(to: UInt32.self, capacity: count)
    }

    private func row(_ at: Int) -> UnsafeMutablePointer<UInt32> { rows + at * (count + 2) }

    /// Returns the number of the combination of ``values`` with a name's number in an hour; 0 is other.
    func number(name: UInt32, hour: Int) -> UInt32 {
        if hour != self.hour { (self.hour, admitted) = (hour, 0) }
        if rowCount == Self.rowsMax { forget() }
        // The next row, which stays if its combination is new.
        let new = row(rowCount)
        new[0] = name
        for at in 0..<count {
            let value =
                at < values.count ? values[at] : UnsafeRawBufferPointer(start: nil, count: 0)
            new[at + 1] = tables[at].id(of: value, hour: hour)
        }
        var place = hash(new) & (2 * Self.rowsMax - 1)
        while places[place] != 0 {
            let at = Int(places[place] - 1)
            if memcmp(row(at), new, (count + 1) * MemoryLayout<UInt32>.stride) == 0 {
                return seen(at)
            }
            place = (place + 1) & (2 * Self.rowsMax - 1)
        }
        guard admitted < perHour else { return ValueTable.other }
        rowCount += 1
        places[place] = UInt32(rowCount)
        admitted += 1
        new[count + 1] = UInt32(truncatingIfNeeded: hour)
        return firstNumber &+ UInt32(rowCount - 1)
    }

    /// Counts a known combination for this hour when it is first seen in it.
    private func seen(_ at: Int) -> UInt32 {
        let last = row(at) + (count + 1)
        if last.pointee != UInt32(truncatingIfNeeded: hour) {
            guard admitted < perHour else { return ValueTable.other }
            last.pointee = UInt32(truncatingIfNeeded: hour)
            admitted += 1
        }
        return firstNumber &+ UInt32(at)
    }

    private func hash(_ row: UnsafeMutablePointer<UInt32>) -> Int {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        for at in 0...count { hash = (hash ^ UInt64(row[at])) &* 0xBF58_476D_1CE4_E5B9 }
        return Int(truncatingIfNeeded: hash ^ hash >> 31)
    }

    private func forget() {
        firstNumber &+= UInt32(rowCount)
        rowCount = 0
        memset(places, 0, 2 * Self.rowsMax * MemoryLayout<UInt32>.stride)
    }

    /// Returns the number of the name and the values of a combination.
    func texts(of number: UInt32) -> (name: UInt32, values: [String]) {
        let at = Int(number) - Int(firstNumber)
        guard (0..<rowCount).contains(at) else {
            return (ValueTable.other, Array(repeating: HiveValue.other, count: count))
        }
        return (row(at)[0], (0..<count).map { tables[$0].name(row(at)[$0 + 1]) })
    }
}
