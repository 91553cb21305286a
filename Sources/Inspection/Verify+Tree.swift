import Archive
import Disk
import Events

/// Checks files that no manifest names, and the folder as a whole.
extension Verify {
    func checkTree() throws(FileSystemError) {
        var unknown: [String] = []
        var open: [String] = []
        try SegmentTree.walk(fileSystem, onForeign: { report.passedOver.append("\($0)") }) {
            (path, kind) throws(FileSystemError) in
            switch kind {
            case .sealed:
                if known[PathDigest(path)] == nil { unknown.append(path) }
            case .open:
                open.append(path)
            case .damaged:
                noteAside(path)
            case .recovering, .repaired:
                break
            }
        }
        try checkUnknown(unknown)
        // After all sealed files: an event may be in both, and the sealed one counts.
        for path in open { checkOpen(path) }
    }

    private func noteAside(_ path: String) {
        if let repaired = Repaired.visible(forAside: path, in: fileSystem) {
            report.replaced.append(.init(path: path, repaired: repaired))
        } else {
            add(.keptAside, in: path, "a damaged file that was kept aside")
        }
    }

    /// A running daemon may have sealed files since the manifests were read, and writes a file's
    /// line only when its name is durable: so they are read again, for as long as that may take.
    private func checkUnknown(_ paths: [String]) throws(FileSystemError) {
        guard !paths.isEmpty else { return }
        var entries: [String: ManifestEntry] = [:]
        let wanted = Set(paths)
        repeat {
            entries = [:]
            try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
                if let entry, wanted.contains(entry.path) { entries[entry.path] = entry }
            }
        } while entries.count < wanted.count && options.waitForDaemon()
        for path in paths {
            known[PathDigest(path)] = LineDigest([])
            if entries[path] == nil, !Repaired.isRepaired(path) {
                add(.missingEntry, in: path, "no manifest names it")
            }
            checkFile(path, against: entries[path])
        }
    }

    private func checkOpen(_ path: String) {
        do throws(FileSystemError) {
            try readOpen(path)
        } catch {
            guard error.isMissing, let sealed = Layout.sealedPath(forOpen: path) else {
                add(.unreadable, in: path, "\(error)")
                return
            }
            // Sealed since the folder was listed; its line may not be written yet.
            let isNew = known.updateValue(LineDigest([]), forKey: PathDigest(sealed)) == nil
            if isNew, fileSystem.exists(sealed) { checkFile(sealed, against: nil) }
        }
    }

    /// Counts torn lines, at the end: a line that was being written is whole by now.
    func findTornLines() throws(FileSystemError) {
        try ManifestReader.eachNumbered(fileSystem) {
            (place, line, entry) throws(FileSystemError) in
            guard entry == nil, ManifestRemoval(line) == nil else { return }
            report.tornManifestLines += 1
            if report.tornLines.count < VerifyReport.findingsMax { report.tornLines.append(place) }
        }
    }

    /// Distinguishes removed files from missing ones, after the manifests' files were checked,
    /// since a daemon removes files meanwhile.
    func checkGone() throws(FileSystemError) {
        guard !gone.isEmpty else { return }
        var known: Set<PathDigest> = []
        try ManifestReader.eachRemoval(fileSystem) { known.insert(PathDigest($0.path)) }
        for (path, entry, text) in gone {
            if known.contains(PathDigest(path)) {
                report.removedFiles += 1
                report.removedEvents += entry?.events ?? 0
                if let entry { note(entry, nil, in: &removed) }
            } else {
                if let entry { note(entry, nil, in: &lost) }
                add(.missingFile, in: path, text)
            }
        }
    }

    func findGaps() {
        for run in numbers.runs {
            let set = numbers[run]
            // Numbers begin at 1.
            let missing = set.missing(
                in: 1...max(1, set.highest),
                limit: VerifyReport.Gap.rangesMax
            )
            guard missing.count > 0 else { continue }
            report.gaps.append(
                VerifyReport.Gap(
                    source: run.source,
                    run: run.run,
                    first: set.lowest,
                    last: set.highest,
                    missing: missing.count,
                    ranges: missing.ranges.map {
                        .init(first: $0.lowerBound, last: $0.upperBound)
                    },
                    inLostFiles: min(missing.count, lost[run] ?? 0),
                    inRemovedFiles: min(missing.count, removed[run] ?? 0),
                    openFiles: openRuns[run] ?? 0
                )
            )
        }
        report.gaps.sort { ($0.source, $0.run) < ($1.source, $1.run) }
    }

    /// Numbers of one file that occur before in another, or in itself.
    struct Duplicate {
        var path: String
        var count = 0
        /// The first of them, and its line.
        var run = RunNumbers.Run(source: "", run: "")
        var number: UInt64 = 0
        var line = 0
        /// Other files that may have the number according to their manifest lines.
        var others: [String] = []

        init(path: String) { self.path = path }

        mutating func add(_ written: borrowing WrittenLine, at line: Int) {
            count += 1
            guard count == 1 else { return }
            run.source = String(decoding: written.source, as: UTF8.self)
            run.run = String(decoding: written.run, as: UTF8.self)
            (number, self.line) = (written.sequence, line)
        }

        func mayBe(in entry: ManifestEntry) -> Bool {
            entry.path != path
                && entry.sequences.contains {
                    $0.source == run.source && $0.run == run.run && $0.first <= number
                        && number <= $0.last
                }
        }
    }

    private static let othersMax = 3

    func nameDuplicates() throws(FileSystemError) {
        guard !duplicates.isEmpty else { return }
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            guard let entry else { return }
            for index in duplicates.indices.prefix(VerifyReport.findingsMax)
            where duplicates[index].others.count < Self.othersMax
                && !duplicates[index].others.contains(entry.path)
                && duplicates[index].mayBe(in: entry)
            {
                duplicates[index].others.append(entry.path)
            }
        }
        for found in duplicates {
            let others =
                found.others.isEmpty
                ? "" : "; files that may have it: " + found.others.joined(separator: ", ")
            add(
                .duplicateSequence,
                in: found.path,
                "\(found.count) events carry a number seen before, first \(found.number) of source "
                    + "\(found.run.source), run \(found.run.run)\(others)",
                line: found.line
            )
        }
    }
}

/// A digest of a manifest line, to compare lines.
struct LineDigest: Hashable {
    private let value: UInt64

    init(_ line: [UInt8]) {
        value = line.withUnsafeBytes { HiveValue.hash($0) }
    }
}
