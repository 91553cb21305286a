import Events

/// Builds the stretches of one run.
struct RunBuilder {
    typealias Check = SalvagePlan.Check

    /// A flush in the current stretch.
    private struct Point {
        var offset: Int
        var check: Check
        var lines: Int
        var foreignLines: Int
    }

    private(set) var run: SalvagePlan.Run
    /// The current stretch.
    var stretch: SalvagePlan.Stretch
    /// Raw bytes before it.
    private(set) var before = Check(rawBytes: 0, crc32: 0)
    private var points: [Point] = []
    /// More than the commits of a stretch; limits the work when nothing can be proven.
    private static let pointsMax = 8_192
    private let checks: Set<Check>
    /// Lengths with a known check value: they are compared first, since a CRC of a part is slower.
    private let lengths: Set<UInt64>

    init(start: Int, checks: Set<Check>) {
        run = SalvagePlan.Run(start: start, stretches: [])
        stretch = SalvagePlan.Stretch(start: start, end: start)
        self.checks = checks
        lengths = Set(checks.map(\.rawBytes))
    }

    /// Returns the length and CRC-32 of the stretch so far; `now`: of the whole run.
    func check(_ now: Check) -> Check { SalvagePlan.between(before, now) }

    /// Records a flush, where a stretch that can be proven may begin.
    mutating func note(_ offset: Int, _ now: Check) {
        guard !checks.isEmpty else { return }
        // The check after a flush is empty blocks, each of which looks like a flush.
        if points.last?.check == now {
            points[points.count - 1].offset = offset
            return
        }
        if points.count == Self.pointsMax { points.removeFirst(Self.pointsMax / 2) }
        points.append(
            Point(
                offset: offset,
                check: now,
                lines: stretch.lines,
                foreignLines: stretch.foreignLines
            )
        )
    }

    /// Adds an empty block of the check after a flush to the stretch that the flush ended; returns
    /// false if it is not one.
    mutating func extend(to offset: Int, _ now: Check) -> Bool {
        guard now == before, stretch.lines == 0, !run.stretches.isEmpty else { return false }
        run.stretches[run.stretches.count - 1].end = offset
        stretch = SalvagePlan.Stretch(start: offset, end: offset)
        return true
    }

    /// Ends the stretch if a check value proves it or its last part: reading may have begun, or
    /// bytes may have been lost, in the middle of the data that the check value covers.
    mutating func closeProven(at end: Int, _ now: Check) -> Bool {
        if isKnown(check(now)) {
            close(at: end, now, .proven)
            return true
        }
        guard let point = points.first(where: { isKnown(from: $0.check, now) }) else {
            return false
        }
        let rest = (stretch.lines - point.lines, stretch.foreignLines - point.foreignLines)
        (stretch.lines, stretch.foreignLines) = (point.lines, point.foreignLines)
        close(at: point.offset, point.check, .doubtful(reason: "its CRC-32 is not the manifest's"))
        (stretch.lines, stretch.foreignLines) = rest
        close(at: end, now, .proven)
        return true
    }

    private func isKnown(from start: Check, _ now: Check) -> Bool {
        lengths.contains(now.rawBytes - start.rawBytes)
            && isKnown(SalvagePlan.between(start, now))
    }

    private func isKnown(_ check: Check) -> Bool { checks.contains(check) }

    mutating func close(at end: Int, _ now: Check, _ verdict: SalvagePlan.Verdict) {
        stretch.end = end
        stretch.rawBytes = now.rawBytes - before.rawBytes
        stretch.verdict = verdict
        // A place where nothing could be read was not a place to continue.
        let isPlace = run.start == 0 || !run.stretches.isEmpty
        if isPlace || stretch.lines > 0 || !stretch.showsDamage { run.stretches.append(stretch) }
        stretch = SalvagePlan.Stretch(start: end, end: end)
        before = now
        points.removeAll(keepingCapacity: true)
    }
}

/// Checks that lines are whole events in the order of their numbers, as a writer leaves them.
struct OrderedLines: ~Copyable {
    private var lineReader = WrittenLineReader()
    private var line = WrittenLine()
    private var index = RunIndex()
    /// By place in the index.
    private var last: [UInt64?] = []
    private let mustRise: Bool

    /// `mustRise`: false if check values tell more: an altered number must not invalidate later
    /// ones.
    init(mustRise: Bool) { self.mustRise = mustRise }

    /// Returns the error of a line; nil if it is a whole event.
    mutating func wrong(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard lineReader.read(bytes, into: &line) else {
            return "a line that is no event with Touchpoint's metadata"
        }
        guard mustRise else { return nil }
        let place = index.place(of: line)
        while last.count <= place { last.append(nil) }
        if let before = last[place], line.sequence <= before {
            return "a sequence number that does not rise"
        }
        last[place] = line.sequence
        return nil
    }

    /// Forgets the last numbers: an error in one stretch does not concern the next.
    mutating func beginStretch() { last.removeAll(keepingCapacity: true) }
}
