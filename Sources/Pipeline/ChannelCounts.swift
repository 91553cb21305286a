import Events

/// Event counts by channel, for operators: a bounded number of names of bounded length.
///
/// Producers choose the names, so their number and length must not increase what is stored and
/// shown. Beyond twice ``listedMax`` names, the smaller half is counted together under `__other__`,
/// like events beyond `partition.maxValues`; the sum remains the number of events.
package struct ChannelCounts: Sendable {
    /// The most names in a snapshot.
    package static let listedMax = 1000
    /// The longest name in bytes; a longer one is cut and gets a hash.
    package static let nameBytesMax = 128

    private static let keptMax = 2 * listedMax

    package private(set) var counts: [String: Int] = [:]
    /// How many times names were moved to `__other__`; a name that returns may count repeatedly.
    package private(set) var leftOut = 0

    package init() {}

    /// Adds events of a channel, whose name may have any length.
    package mutating func add(_ name: String, _ count: Int) {
        counts[Self.shown(name), default: 0] += count
        if counts.count > Self.keptMax { keepLargest(Self.listedMax) }
    }

    /// Adds the counts of `other`.
    package mutating func merge(_ other: ChannelCounts) {
        counts.merge(other.counts, uniquingKeysWith: +)
        leftOut += other.leftOut
    }

    /// Moves all but the `count` names with the most events to `__other__`.
    package mutating func keepLargest(_ count: Int) {
        var other = counts.removeValue(forKey: HiveValue.other)
        if counts.count > count {
            let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let small = ranked.dropFirst(count)
            leftOut += small.count
            other = small.reduce(other ?? 0) { $0 + $1.value }
            counts = Dictionary(uniqueKeysWithValues: ranked.prefix(count).map { ($0, $1) })
        }
        counts[HiveValue.other] = other
    }

    /// The name as it is shown: one longer than ``nameBytesMax`` is cut between characters and ends
    /// in `-` and 16 hexadecimal digits of its hash.
    package static func shown(_ name: String) -> String {
        guard name.utf8.count > nameBytesMax else { return name }
        var cut = String.UnicodeScalarView()
        var bytes = 0
        for scalar in name.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > nameBytesMax { break }
            cut.append(scalar)
        }
        var name = name
        let hash = String(name.withUTF8 { HiveValue.hash(UnsafeRawBufferPointer($0)) }, radix: 16)
        return String(cut) + "-" + String(repeating: "0", count: 16 - hash.count) + hash
    }
}
