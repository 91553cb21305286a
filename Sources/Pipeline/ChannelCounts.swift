import Events

/// Events by channel, for operators: a bounded number of names of bounded length.
///
/// Producers choose the names, so neither their number nor their length may grow what is kept and
/// shown. Beyond twice ``listedMax`` names the smaller half is counted together under `__other__`,
/// as events beyond `partition.maxValues` are; the sum stays the number of events.
package struct ChannelCounts: Sendable {
    /// Names that a snapshot lists.
    package static let listedMax = 1000
    /// Bytes of a name before it is cut and given a hash.
    package static let nameBytesMax = 128

    private static let keptMax = 2 * listedMax

    package private(set) var counts: [String: Int] = [:]
    /// How many times a name was put under `__other__`; one that comes back may be so again.
    package private(set) var leftOut = 0

    package init() {}

    /// Adds events of a channel, whose name may have any length.
    package mutating func add(_ name: String, _ count: Int) {
        counts[Self.shown(name), default: 0] += count
        if counts.count > Self.keptMax { keepLargest(Self.listedMax) }
    }

    /// Adds what another has counted.
    package mutating func merge(_ other: ChannelCounts) {
        counts.merge(other.counts, uniquingKeysWith: +)
        leftOut += other.leftOut
    }

    /// Counts all but the `count` names with the most events under `__other__`.
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

    /// A name as it is shown: what is longer than ``nameBytesMax`` is cut between characters and
    /// ends in `-` and 16 hexadecimal digits of its hash.
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
