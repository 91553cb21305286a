import Archive
import Events

/// Determines the sequence numbers that damage may have destroyed: those between the last event
/// before it and the first after it, of every source and run.
///
/// In a file numbers rise, but others in between are in other files, or were never written:
/// ``gone(_:)`` subtracts those in other files.
struct LostNumbers {
    typealias Run = RunIndex.Run

    private struct Track {
        var last: UInt64
        /// The damages before the last number.
        var damages: Int
        var holes: [ClosedRange<UInt64>] = []
    }

    private var index = RunIndex()
    private var tracks: [Track] = []
    private var damages = 0
    private let said: [ManifestEntry.Sequence]?

    /// `entry`: has the first and the last number of each source and run.
    init(entry: ManifestEntry?) {
        said = entry?.sequences
        for sequence in said ?? [] {
            _ = index.place(of: Run(source: sequence.source, run: sequence.run))
            tracks.append(Track(last: max(1, sequence.first) - 1, damages: 0))
        }
    }

    /// To be called between the events around a damage.
    mutating func damage() { damages += 1 }

    mutating func add(_ line: borrowing WrittenLine) {
        let place = index.place(of: line)
        if place == tracks.count { tracks.append(Track(last: 0, damages: 0)) }
        let last = tracks[place].last
        if damages > tracks[place].damages, line.sequence > last + 1 {
            tracks[place].holes.append(last + 1...line.sequence - 1)
        }
        tracks[place].last = max(last, line.sequence)
        tracks[place].damages = damages
    }

    /// The ranges that may be lost; the range after the last known number has no end.
    var holes: [Run: [ClosedRange<UInt64>]] {
        var result: [Run: [ClosedRange<UInt64>]] = [:]
        for (place, track) in tracks.enumerated() {
            var holes = track.holes
            if damages > track.damages {
                let last = said.map { list in
                    place < list.count ? list[place].last : track.last
                }
                let end = last ?? .max
                if end > track.last { holes.append(track.last + 1...end) }
            }
            if !holes.isEmpty { result[index.runs[place]] = holes }
        }
        return result
    }

    /// Returns the numbers of the holes that are not in the other files.
    func gone(_ others: RunNumbers) -> [RepairReport.Gone] {
        holes.map { run, holes in
            let set = others[run]
            var gone = RepairReport.Gone(
                source: run.source,
                run: run.run,
                count: 0,
                ranges: [],
                isOpenEnded: false
            )
            for hole in holes {
                var hole = hole
                if hole.upperBound == .max {
                    gone.isOpenEnded = true
                    guard set.count > 0, set.highest > hole.lowerBound else { continue }
                    hole = hole.lowerBound...set.highest
                }
                let missing = set.missing(
                    in: hole,
                    limit: RepairReport.rangesMax - gone.ranges.count
                )
                gone.count += missing.count
                gone.ranges += missing.ranges.map {
                    .init(first: $0.lowerBound, last: $0.upperBound)
                }
            }
            return gone
        }
        .filter { $0.count > 0 || $0.isOpenEnded }
        .sorted { ($0.source, $0.run) < ($1.source, $1.run) }
    }
}
