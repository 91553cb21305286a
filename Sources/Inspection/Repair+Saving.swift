import Archive
import Disk
import Events

extension Repair {
    /// Writes the events to be kept, and records the others.
    func save(
        _ plan: SalvagePlan,
        report: inout RepairReport,
        lost: inout LostNumbers
    ) throws(FileSystemError) {
        let path = report.path
        guard let sealed = Repaired.sealedPath(for: path) else {
            throw FileSystemError(.open, path, code: FileSystemError.notASegment)
        }
        var elsewhere = try numbersBeside(path, sealed)
        let target = Repaired.freePath(forSealed: sealed, in: fileSystem)
        note(plan, &report)
        var file: RepairedFile?
        try replay(plan) { (step) throws(FileSystemError) in
            switch step {
            case .damage:
                lost.damage()
            case .event(let line, let bytes):
                lost.add(line)
                if elsewhere.contains(line) {
                    report.eventsElsewhere += 1
                } else {
                    report.eventsSaved += 1
                    report.rawBytesSaved += UInt64(bytes.count + 1)
                    if file == nil, !options.isDryRun {
                        file = try RepairedFile(target, in: fileSystem)
                    }
                    try file?.write(bytes)
                }
            }
        }
        try file?.finish()
        if file != nil { report.repaired = target }
        if report.eventsSaved > 0 {
            report.visible = Repaired.visiblePath(forHidden: target)
            if path == sealed {
                report.aside = Layout.freeDamagedPath(forSealed: sealed, in: fileSystem)
            }
        }
    }

    /// Returns the numbers in the sealed file that recovery made from a hidden one's good part.
    private func numbersBeside(
        _ path: String,
        _ sealed: String
    ) throws(FileSystemError) -> RunNumbers {
        var numbers = RunNumbers()
        guard path != sealed, fileSystem.exists(sealed) else { return numbers }
        _ = try SegmentSurvey.read(sealed, in: fileSystem) { line, _, _ in
            _ = numbers.insert(line)
        }
        return numbers
    }

    private func note(_ plan: SalvagePlan, _ report: inout RepairReport) {
        let stretches = plan.stretches
        for (index, stretch) in stretches.enumerated() {
            report.linesForeign += stretch.foreignLines
            if stretch.isKept(withDoubtful: options.keepsDoubtful) {
                if stretch.verdict != .proven, stretch.lines > 0 { report.isProven = false }
            }
            let next = index + 1 < stretches.count ? stretches[index + 1].start : nil
            switch stretch.verdict {
            case .proven, .plausible:
                continue
            case .cut:
                report.damages.append(
                    .init(
                        start: stretch.end,
                        end: nil,
                        doubtfulEvents: 0,
                        reason: "the file ends in the middle of the gzip member"
                    )
                )
            case .doubtful(let reason):
                report.eventsDoubtful += stretch.lines
                report.damages.append(
                    .init(
                        start: stretch.start,
                        end: next,
                        doubtfulEvents: stretch.lines,
                        reason: reason
                    )
                )
            }
        }
        if stretches.isEmpty {
            report.damages.append(
                .init(start: 0, end: nil, doubtfulEvents: 0, reason: "nothing in it can be read")
            )
        }
    }

    /// Reads the plan's lines again, in order.
    private func replay(
        _ plan: SalvagePlan,
        _ visit: (ReplayStep) throws(FileSystemError) -> Void
    ) throws(FileSystemError) {
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        if !plan.beginsAtStart { try visit(.damage) }
        for (index, run) in plan.runs.enumerated() {
            if index > 0 { try visit(.damage) }
            var reader = try SegmentReader(plan.path, in: fileSystem, from: run.start)
            for stretch in run.stretches {
                let isKept = stretch.isKept(withDoubtful: options.keepsDoubtful)
                if !isKept { try visit(.damage) }
                var left = stretch.lines + stretch.foreignLines
                while left > 0 {
                    guard case .line(let bytes) = try reader.next() else {
                        throw FileSystemError(.read, plan.path, code: FileSystemError.changed)
                    }
                    left -= 1
                    if isKept, lineReader.read(bytes, into: &line) {
                        try visit(.event(line, bytes))
                    }
                }
                if stretch.showsDamage { try visit(.damage) }
            }
        }
    }

    /// Returns the numbers around damage that are in no other file.
    func findGone(
        _ report: inout RepairReport,
        of lost: LostNumbers,
        besides path: String
    ) throws(FileSystemError) {
        report.gone = lost.gone(try numbersElsewhere(lost.holes, besides: path))
        let count = report.gone.reduce(UInt64(0)) { $0 + $1.count }
        report.isGoneExact =
            report.eventsLost.map { UInt64($0) == count } ?? false
            && !report.gone.contains(where: \.isOpenEnded)
    }

    /// Returns the numbers in the files that may have some of `holes`.
    private func numbersElsewhere(
        _ holes: [LostNumbers.Run: [ClosedRange<UInt64>]],
        besides path: String
    ) throws(FileSystemError) -> RunNumbers {
        var numbers = RunNumbers()
        var others: Set<String> = []
        var known: Set<PathDigest> = []
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            guard let entry else { return }
            known.insert(PathDigest(entry.path))
            if Self.mayHave(holes, entry) { others.insert(entry.path) }
        }
        try SegmentTree.walk(fileSystem) { (file, kind) throws(FileSystemError) in
            let isUnknown = kind == .sealed && !known.contains(PathDigest(file))
            if kind == .open || isUnknown { others.insert(file) }
        }
        others.remove(path)
        for file in others.sorted() {
            do throws(FileSystemError) {
                try SegmentReader.eachReadable(of: file, in: fileSystem) { line, _ in
                    _ = numbers.insert(line)
                }
            } catch {
                if !error.isMissing { throw error }
            }
        }
        return numbers
    }

    private static func mayHave(
        _ holes: [LostNumbers.Run: [ClosedRange<UInt64>]],
        _ entry: ManifestEntry
    ) -> Bool {
        entry.sequences.contains { sequence in
            let run = LostNumbers.Run(source: sequence.source, run: sequence.run)
            return holes[run]?.contains {
                sequence.first <= $0.upperBound && $0.lowerBound <= sequence.last
            } ?? false
        }
    }
}

/// The next item of a damaged file.
enum ReplayStep {
    /// Data is missing here.
    case damage
    /// An event, valid until the next step.
    case event(WrittenLine, UnsafeRawBufferPointer)
}
