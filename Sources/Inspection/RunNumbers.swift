import Events

/// Numbers for the sources and runs of lines, in order of appearance.
///
/// One thread.
struct RunIndex {
    struct Run: Hashable {
        var source: String
        var run: String
    }

    private(set) var runs: [Run] = []
    private var places: [Run: Int] = [:]
    /// The place of the last line's source and run: mostly the next line's, too.
    private var current: (place: Int, source: [UInt8], run: [UInt8])?

    /// Returns the place of a line's source and run in ``runs``.
    mutating func place(of line: borrowing WrittenLine) -> Int {
        let (source, run) = (line.source, line.run)
        if let current, current.source.elementsEqual(source), current.run.elementsEqual(run) {
            return current.place
        }
        let place = place(
            of: Run(
                source: String(decoding: source, as: UTF8.self),
                run: String(decoding: run, as: UTF8.self)
            )
        )
        current = (place, Array(source), Array(run))
        return place
    }

    mutating func place(of run: Run) -> Int {
        if let place = places[run] { return place }
        places[run] = runs.count
        runs.append(run)
        return runs.count - 1
    }

    func existingPlace(of run: Run) -> Int? { places[run] }
}

/// The sequence numbers found of each source and run.
///
/// One thread.
struct RunNumbers {
    typealias Run = RunIndex.Run

    private var index = RunIndex()
    private var sets: [SequenceSet] = []

    var runs: [Run] { index.runs }

    /// Adds a line's number; returns false if it was there.
    mutating func insert(_ line: borrowing WrittenLine) -> Bool {
        let place = index.place(of: line)
        if place == sets.count { sets.append(SequenceSet()) }
        return sets[place].insert(line.sequence)
    }

    mutating func contains(_ line: borrowing WrittenLine) -> Bool {
        let place = index.place(of: line)
        if place == sets.count { sets.append(SequenceSet()) }
        return sets[place].contains(line.sequence)
    }

    subscript(run: Run) -> SequenceSet {
        index.existingPlace(of: run).map { sets[$0] } ?? SequenceSet()
    }
}
