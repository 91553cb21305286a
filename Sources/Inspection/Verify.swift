import Archive
package import Disk
package import Events

/// Checks the consistency of a data folder: manifests, files, lines, sequences.
///
/// It changes nothing, and may run beside the daemon: files sealed, opened or appended meanwhile
/// are no finding. Memory: one bit per event that is out of order, some 50 bytes per file. One
/// thread.
package final class Verify {
    /// The progress, in bytes of the files that manifests name.
    package struct Progress: Sendable, Equatable {
        package var bytesDone: UInt64
        package var bytesTotal: UInt64
        package var path: String
    }

    package struct Options {
        /// Missing files are counted, but do not affect the exit code.
        package var allowsMissing = false
        /// Called when a sealed file has no manifest line yet; returns true after a short wait if a
        /// daemon may be about to write it, false if there is none, or its time is over.
        package var waitForDaemon: () -> Bool = { false }

        package init() {}
    }

    let fileSystem: any FileSystem
    let options: Options
    private let onFile: () -> Void
    private let onLine: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void
    private let progress: (Progress) -> Void
    var report = VerifyReport()
    /// Digests of manifest lines, by path.
    var known: [PathDigest: LineDigest] = [:]
    var numbers = RunNumbers()
    /// Events of files that are gone or damaged, by their manifest lines.
    var lost: [RunNumbers.Run: UInt64] = [:]
    /// Events of files that were removed on purpose, likewise.
    var removed: [RunNumbers.Run: UInt64] = [:]
    /// Lines without files, with the text of the finding unless the files were removed on purpose.
    var gone: [(path: String, entry: ManifestEntry?, text: String)] = []
    /// The number of open segments per source and run.
    var openRuns: [RunNumbers.Run: Int] = [:]
    var duplicates: [Duplicate] = []
    private var bytesTotal: UInt64 = 0
    private var bytesDone: UInt64 = 0

    /// - `onFile`: called when the lines of another file begin.
    /// - `onLine`: called with every valid line of the event files, sealed and, if committed, open.
    /// - `progress`: called every few chunks, on the calling thread.
    package static func run(
        _ fileSystem: any FileSystem,
        options: Options = Options(),
        onFile: @escaping () -> Void = {},
        onLine: @escaping (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void = { _, _ in },
        progress: @escaping (Progress) -> Void = { _ in }
    ) throws(FileSystemError) -> VerifyReport {
        let verify = Verify(
            fileSystem,
            options: options,
            onFile: onFile,
            onLine: onLine,
            progress: progress
        )
        try verify.measure()
        try verify.checkManifests()
        try verify.checkTree()
        try verify.checkGone()
        try verify.findTornLines()
        try verify.nameDuplicates()
        verify.findGaps()
        return verify.report
    }

    private init(
        _ fileSystem: any FileSystem,
        options: Options,
        onFile: @escaping () -> Void,
        onLine: @escaping (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void,
        progress: @escaping (Progress) -> Void
    ) {
        self.fileSystem = fileSystem
        self.options = options
        self.onFile = onFile
        self.onLine = onLine
        self.progress = progress
        report.allowsMissing = options.allowsMissing
    }

    private func measure() throws(FileSystemError) {
        var total: UInt64 = 0
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            total &+= UInt64(max(0, entry?.compressedBytes ?? 0))
        }
        bytesTotal = total
    }

    private func checkManifests() throws(FileSystemError) {
        try ManifestReader.eachNumbered(fileSystem) {
            (place, line, entry) throws(FileSystemError) in
            guard let entry else { return }
            let (path, digest) = (PathDigest(entry.path), LineDigest(line))
            if let first = known[path] {
                if first == digest {
                    if report.repeatedLines.count < VerifyReport.findingsMax {
                        report.repeatedLines.append(place)
                    }
                } else {
                    add(
                        .conflictingEntry,
                        in: entry.path,
                        "line \(place.line) of \(place.path) says otherwise than a line before it"
                    )
                }
                return
            }
            known[path] = digest
            count(entry)
            checkFile(entry.path, against: entry)
        }
    }

    private func count(_ entry: ManifestEntry) {
        let isEvents = DiskPath.isBelow(SegmentFormat.events, entry.path)
        for sequence in entry.sequences {
            if isEvents {
                report.manifestSources[sequence.source, default: .init()].written += sequence.events
            } else {
                report.manifestSources[sequence.source, default: .init()].quarantined +=
                    sequence.events
            }
        }
    }

    /// Reads one sealed file; `entry` is nil when no manifest names it.
    func checkFile(_ path: String, against entry: ManifestEntry?) {
        let isEvents = DiskPath.isBelow(SegmentFormat.events, path)
        let survey: SegmentSurvey
        do throws(FileSystemError) {
            survey = try read(path, isEvents: isEvents)
        } catch {
            note(unreadable: path, entry: entry, because: error)
            return
        }
        report.files += 1
        report.events += survey.tally.events
        report.bytes += UInt64(survey.fileBytes)
        report.rawBytes += survey.rawBytes
        count(survey.tally, isEvents: isEvents)
        judge(path, by: survey, entry: entry)
    }

    private func note(
        unreadable path: String,
        entry: ManifestEntry?,
        because error: FileSystemError
    ) {
        let repaired = error.isMissing ? Repaired.visible(for: path, in: fileSystem) : nil
        if error.isMissing, repaired == nil {
            gone.append((path, entry, missingText(path)))
            return
        }
        if let entry { note(entry, nil, in: &lost) }
        if let repaired {
            report.replaced.append(.init(path: path, repaired: repaired))
        } else {
            add(.unreadable, in: path, "\(error)")
        }
    }

    private func judge(_ path: String, by survey: SegmentSurvey, entry: ManifestEntry?) {
        if let damage = survey.damage {
            add(
                .damagedFile,
                in: path,
                damage,
                line: survey.firstBadLine,
                offset: survey.damageOffset
            )
            if let entry { note(entry, survey.tally, in: &lost) }
        }
        guard let entry else { return }
        let stretch = SegmentComparison.damagedStretch(survey, entry)
        for (kind, detail) in SegmentComparison.differences(survey, entry) {
            add(
                kind,
                in: path,
                detail,
                offset: kind == .contentMismatch ? stretch?.lowerBound : nil
            )
        }
    }

    private func missingText(_ path: String) -> String {
        let folder = DiskPath.split(path).folder
        return "the manifest names it, but it is not there"
            + (fileSystem.exists(folder) ? "" : ", nor is its folder: it may have been deleted")
    }

    /// Adds a finding to the report, or counts it beyond the limit.
    func add(
        _ kind: VerifyReport.Kind,
        in path: String,
        _ detail: String,
        line: Int? = nil,
        offset: Int? = nil
    ) {
        if kind == .missingFile {
            report.missingFiles += 1
            if options.allowsMissing { return }
        }
        report.findingsTotal += 1
        if kind == .unreadable { report.unreadableFiles += 1 }
        guard report.findings.count < VerifyReport.findingsMax else { return }
        report.findings.append(
            .init(kind: kind, path: path, detail: detail, line: line, offset: offset)
        )
    }

    func note(
        _ entry: ManifestEntry,
        _ tally: SegmentTally?,
        in numbers: inout [RunNumbers.Run: UInt64]
    ) {
        for said in entry.sequences {
            let seen = tally?.sequences.first { $0.source == said.source && $0.run == said.run }
            numbers[.init(source: said.source, run: said.run), default: 0] +=
                UInt64(max(0, said.events - (seen?.events ?? 0)))
        }
    }

    private func read(
        _ path: String,
        isEvents: Bool
    ) throws(FileSystemError) -> SegmentSurvey {
        var found = Duplicate(path: path)
        let start = bytesDone
        onFile()
        let survey = try SegmentSurvey.read(path, in: fileSystem) { line, bytes, number in
            if !numbers.insert(line) { found.add(line, at: number) }
            if isEvents { onLine(line, bytes) }
        } onBytes: { count in
            bytesDone = start + UInt64(count)
            progress(
                Progress(
                    bytesDone: bytesDone,
                    bytesTotal: max(bytesTotal, bytesDone),
                    path: path
                )
            )
        }
        bytesDone = start + UInt64(survey.fileBytes)
        if found.count > 0 { duplicates.append(found) }
        return survey
    }

    private func count(_ tally: SegmentTally, isEvents: Bool) {
        for sequence in tally.sequences {
            if isEvents {
                report.sources[sequence.source, default: .init()].written += sequence.events
            } else {
                report.sources[sequence.source, default: .init()].quarantined += sequence.events
            }
        }
    }

    /// Counts the events that an open segment's flush points prove.
    ///
    /// Its tail may be growing, so nothing in it is an error. Events that are in a sealed file as
    /// well are not counted again: recovery was about to remove the file, or a writer continued in
    /// another.
    ///
    /// - Throws: also if the file has vanished, because it was sealed.
    func readOpen(_ path: String) throws(FileSystemError) {
        let isEvents = DiskPath.isBelow(SegmentFormat.events, path)
        var tally = SegmentTally()
        onFile()
        try SegmentReader.eachCommitted(of: path, in: fileSystem) { line, bytes in
            guard numbers.insert(line) else { return }
            tally.add(line)
            if isEvents { onLine(line, bytes) }
        }
        report.openFiles += 1
        report.openEvents += tally.events
        count(tally, isEvents: isEvents)
        for sequence in tally.sequences {
            openRuns[.init(source: sequence.source, run: sequence.run), default: 0] += 1
        }
    }
}
