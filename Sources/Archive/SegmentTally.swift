package import Events

/// The sums of a segment's lines: the part of a manifest entry that is computed from them.
package struct SegmentTally: Sendable, Equatable {
    package private(set) var events = 0
    /// The earliest and latest time of receipt, in microseconds since 1970.
    package private(set) var receivedAt: ClosedRange<Int64>?
    package private(set) var eventTime: ClosedRange<Int64>?
    /// One per source and run, in order of appearance.
    package private(set) var sequences: [ManifestEntry.Sequence] = []
    /// The node of the first line.
    package private(set) var node: String?

    /// The index in `sequences` of the last line's source and run: mostly the next line's, too.
    private var current: (index: Int, source: [UInt8], run: [UInt8])?

    package init() {}

    /// Counts a line.
    package mutating func add(_ line: borrowing WrittenLine) {
        events += 1
        receivedAt = Self.widened(receivedAt, by: line.receivedAt)
        if let time = line.eventTime { eventTime = Self.widened(eventTime, by: time) }
        if node == nil { node = String(decoding: line.node, as: UTF8.self) }
        let index = index(source: line.source, run: line.run, sequence: line.sequence)
        sequences[index].events += 1
        sequences[index].first = min(sequences[index].first, line.sequence)
        sequences[index].last = max(sequences[index].last, line.sequence)
    }

    private mutating func index(
        source: UnsafeRawBufferPointer,
        run: UnsafeRawBufferPointer,
        sequence: UInt64
    ) -> Int {
        if let current, current.source.elementsEqual(source), current.run.elementsEqual(run) {
            return current.index
        }
        let names = (
            source: String(decoding: source, as: UTF8.self),
            run: String(decoding: run, as: UTF8.self)
        )
        var index = sequences.firstIndex { $0.source == names.source && $0.run == names.run }
        if index == nil {
            index = sequences.count
            sequences.append(
                ManifestEntry.Sequence(
                    source: names.source,
                    run: names.run,
                    events: 0,
                    first: sequence,
                    last: sequence
                )
            )
        }
        let found = index ?? 0
        current = (found, Array(source), Array(run))
        return found
    }

    private static func widened(_ range: ClosedRange<Int64>?, by value: Int64) -> ClosedRange<Int64>
    {
        guard let range else { return value...value }
        return min(range.lowerBound, value)...max(range.upperBound, value)
    }

    package static func == (left: SegmentTally, right: SegmentTally) -> Bool {
        left.events == right.events && left.receivedAt == right.receivedAt
            && left.eventTime == right.eventTime && left.sequences == right.sequences
            && left.node == right.node
    }
}
