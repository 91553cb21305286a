package import Events

/// Checks a data folder against itself: manifests, files, lines, sequences.
///
/// Changes nothing, and may run beside the daemon. Memory: a bit an event that is out of order, 16
/// bytes a file. One thread.
package final class Verify {
    /// How far it is, in bytes of the files that manifests name.
    package struct Progress: Sendable, Equatable {
        package var bytesDone: UInt64
        package var bytesTotal: UInt64
        package var path: String
    }

    private struct Run: Hashable {
        var source: String
        var run: String
    }

    private let fileSystem: any FileSystem
    private let onFile: () -> Void
    private let onLine: (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void
    private let progress: (Progress) -> Void
    private var report = VerifyReport()
    private var known: Set<PathDigest> = []
    private var runs: [Run: Int] = [:]
    private var sequences: [SequenceSet] = []
    private var bytesTotal: UInt64 = 0
    private var bytesDone: UInt64 = 0

    /// - `onFile`: is told when the lines of another file begin.
    /// - `onLine`: is shown every good line of the event files, sealed and open.
    /// - `progress`: called every few files' chunks, on the calling thread.
    package static func run(
        _ fileSystem: any FileSystem,
        onFile: @escaping () -> Void = {},
        onLine: @escaping (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void = { _, _ in },
        progress: @escaping (Progress) -> Void = { _ in }
    ) throws(FileSystemError) -> VerifyReport {
        let verify = Verify(fileSystem, onFile, onLine, progress)
        try verify.measure()
        try verify.checkManifests()
        try verify.checkTree()
        verify.findGaps()
        return verify.report
    }

    private init(
        _ fileSystem: any FileSystem,
        _ onFile: @escaping () -> Void,
        _ onLine: @escaping (borrowing WrittenLine, UnsafeRawBufferPointer) -> Void,
        _ progress: @escaping (Progress) -> Void
    ) {
        self.fileSystem = fileSystem
        self.onFile = onFile
        self.onLine = onLine
        self.progress = progress
    }

    private func measure() throws(FileSystemError) {
        var total: UInt64 = 0
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            total &+= UInt64(max(0, entry?.compressedBytes ?? 0))
        }
        bytesTotal = total
    }

    private func checkManifests() throws(FileSystemError) {
        var torn = 0
        try ManifestReader.each(fileSystem) { (manifest, entry) throws(FileSystemError) in
            guard let entry else {
                torn += 1
                return
            }
            guard known.insert(PathDigest(entry.path)).inserted else {
                report.add(.repeatedEntry, entry.path, "named again in \(manifest)")
                return
            }
            checkFile(entry.path, against: entry)
        }
        report.tornManifestLines = torn
    }

    /// Reads one sealed file; `entry` is nil when no manifest names it.
    private func checkFile(_ path: String, against entry: ManifestEntry?) {
        let isEvents = path.hasPrefix(Layout.events + "/")
        let survey: SegmentSurvey
        do throws(FileSystemError) {
            survey = try read(path, isEvents: isEvents)
        } catch {
            if error.isMissing {
                report.add(.missingFile, path, "the manifest names it, but it is not there")
            } else {
                report.add(.unreadable, path, "\(error)")
            }
            return
        }
        report.files += 1
        report.events += survey.tally.events
        report.bytes += UInt64(survey.fileBytes)
        report.rawBytes += survey.rawBytes
        count(survey.tally, isEvents: isEvents)
        if let damage = survey.damage { report.add(.damagedFile, path, damage) }
        if let entry {
            for (kind, detail) in SegmentComparison.differences(survey, entry) {
                report.add(kind, path, detail)
            }
        }
    }

    private func read(
        _ path: String,
        isEvents: Bool
    ) throws(FileSystemError) -> SegmentSurvey {
        var cursor = SequenceCursor()
        var duplicates = 0
        let start = bytesDone
        onFile()
        let survey = try SegmentSurvey.read(path, in: fileSystem) { line, bytes in
            if !note(line, &cursor) {
                duplicates += 1
                if duplicates == 1 { cursor.firstDuplicate = line.sequence }
            }
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
        if duplicates > 0 {
            report.add(
                .duplicateSequence,
                path,
                "\(duplicates) events carry a number seen before, first \(cursor.firstDuplicate)"
            )
        }
        return survey
    }

    /// Where the last line's source and run stand: mostly the next line's, too.
    private struct SequenceCursor {
        var index = -1
        var source: [UInt8] = []
        var run: [UInt8] = []
        var firstDuplicate: UInt64 = 0
    }

    private func note(
        _ line: borrowing WrittenLine,
        _ cursor: inout SequenceCursor
    ) -> Bool {
        let (source, run) = (line.source, line.run)
        if cursor.index < 0 || !cursor.source.elementsEqual(source)
            || !cursor.run.elementsEqual(run)
        {
            let key = Run(
                source: String(decoding: source, as: UTF8.self),
                run: String(decoding: run, as: UTF8.self)
            )
            if runs[key] == nil {
                runs[key] = sequences.count
                sequences.append(SequenceSet())
            }
            cursor.index = runs[key] ?? 0
            (cursor.source, cursor.run) = (Array(source), Array(run))
        }
        return sequences[cursor.index].insert(line.sequence)
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

    private func findGaps() {
        for (run, index) in runs where sequences[index].missing > 0 {
            report.gaps.append(
                VerifyReport.Gap(
                    source: run.source,
                    run: run.run,
                    first: sequences[index].lowest,
                    last: sequences[index].highest,
                    missing: sequences[index].missing
                )
            )
        }
        report.gaps.sort { ($0.source, $0.run) < ($1.source, $1.run) }
    }

    // MARK: - What no manifest names

    private func checkTree() throws(FileSystemError) {
        var unknown: [String] = []
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            switch kind {
            case .sealed:
                if !known.contains(PathDigest(path)) { unknown.append(path) }
            case .open:
                checkOpen(path)
            case .damaged:
                report.add(.keptAside, path, "recovery kept this damaged file aside")
            case .recovering:
                break
            }
        }
        if !unknown.isEmpty { try checkUnknown(unknown) }
    }

    /// A live daemon may have sealed files since the manifests were read: so they are read again.
    private func checkUnknown(_ paths: [String]) throws(FileSystemError) {
        var entries: [String: ManifestEntry] = [:]
        let wanted = Set(paths)
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            if let entry, wanted.contains(entry.path) { entries[entry.path] = entry }
        }
        for path in paths {
            if entries[path] == nil {
                report.add(.missingEntry, path, "no manifest names it")
            }
            checkFile(path, against: entries[path])
        }
    }

    /// Counts what an open segment's flush points prove.
    ///
    /// Its tail may be growing, so nothing in it is an error; a file that vanishes meanwhile was
    /// sealed.
    private func checkOpen(_ path: String) {
        let isEvents = path.hasPrefix(Layout.events + "/")
        var cursor = SequenceCursor()
        onFile()
        do throws(FileSystemError) {
            let tally = try OpenSegmentScan.committed(path, in: fileSystem) { line, bytes in
                // Not counted as a duplicate: the file may just have been sealed and read as such.
                _ = note(line, &cursor)
                if isEvents { onLine(line, bytes) }
            }
            report.openFiles += 1
            report.openEvents += tally.events
            count(tally, isEvents: isEvents)
        } catch {
            if !error.isMissing { report.add(.unreadable, path, "\(error)") }
        }
    }
}
