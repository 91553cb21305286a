import Archive
package import Disk
import Events

/// Saves the readable events of damaged segments: sealed ones, open ones, and those that recovery
/// set aside.
///
/// It writes beside the damaged file (``Repaired``), and neither changes nor removes any file. One
/// thread. Memory: one bit per event of the files that may hold numbers of the same range, some 50
/// bytes per file.
package struct Repair {
    package struct Options: Sendable {
        /// Reports only, and writes nothing.
        package var isDryRun = false
        /// Also keeps readable events that no check value proves, where damage is detected.
        package var keepsDoubtful = false
        /// Raw bytes from one full flush to the next.
        package var stretchBytes = SegmentFormat.fullFlushBytes

        package init() {}
    }

    let fileSystem: any FileSystem
    let options: Options
    /// Called with the bytes read since the last call.
    let progress: (Int) -> Void

    package init(
        _ fileSystem: any FileSystem,
        options: Options = Options(),
        progress: @escaping (Int) -> Void = { _ in }
    ) {
        self.fileSystem = fileSystem
        self.options = options
        self.progress = progress
    }

    /// Repairs one file.
    ///
    /// - Throws: the error of the disk; an unfinished file keeps a name that no reader sees.
    package func repair(_ path: String) throws(FileSystemError) -> RepairReport {
        let isSealed = Layout.isSealed(name: DiskPath.split(path).name)
        let entry = isSealed ? try entry(of: path) : nil
        let survey = try survey(path)
        if survey.damage == nil, Self.agrees(survey, entry) { return RepairReport(path: path) }
        let plan = try SalvagePlan.make(
            path,
            in: fileSystem,
            entry: entry,
            isWholeMember: survey.isWholeMember,
            stretchBytes: options.stretchBytes
        )
        var report = RepairReport(path: path)
        var lost = LostNumbers(entry: entry)
        try save(plan, report: &report, lost: &lost)
        report.eventsExpected = entry?.events
        report.eventsLost = entry.map {
            max(0, $0.events - report.eventsSaved - report.eventsElsewhere)
        }
        report.outcome = outcome(report, plan)
        if report.outcome == .partial || report.outcome == .nothing {
            try findGone(&report, of: lost, besides: path)
        }
        return report
    }

    /// Repairs a folder's damaged files: those whose content differs from the sealed one, and those
    /// set aside.
    ///
    /// Open segments are left to recovery, at the daemon's next start.
    ///
    /// `visit` is called with each report at once.
    package func repairAll(
        _ visit: (RepairReport) -> Void
    ) throws(FileSystemError) {
        var waiting: [String] = []
        var entries: [String: String] = [:]
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            if let entry { entries[entry.path] = entry.sha256 }
        }
        try SegmentTree.walk(fileSystem) { (path, kind) throws(FileSystemError) in
            switch kind {
            case .damaged: waiting.append(path)
            case .sealed where try isDamaged(path, sha256: entries[path]): waiting.append(path)
            default: break
            }
        }
        for path in waiting {
            if let sealed = Repaired.sealedPath(for: path),
                Repaired.exists(for: sealed, in: fileSystem)
            {
                var report = RepairReport(path: path)
                report.outcome = .before
                visit(report)
            } else {
                visit(try repair(path))
            }
        }
    }

    private func isDamaged(_ path: String, sha256: String?) throws(FileSystemError) -> Bool {
        do throws(FileSystemError) {
            let survey = try survey(path)
            return survey.damage != nil || survey.sha256 != sha256 ?? survey.sha256
        } catch {
            // It was deleted meanwhile.
            if error.isMissing { return false }
            throw error
        }
    }

    private func survey(_ path: String) throws(FileSystemError) -> SegmentSurvey {
        var done = 0
        return try SegmentSurvey.read(path, in: fileSystem) { _, _, _ in
        } onBytes: { count in
            progress(count - done)
            done = count
        }
    }

    private static func agrees(_ survey: SegmentSurvey, _ entry: ManifestEntry?) -> Bool {
        entry.map { $0.sha256 == survey.sha256 } ?? true
    }

    private func entry(of path: String) throws(FileSystemError) -> ManifestEntry? {
        var found: ManifestEntry?
        try ManifestReader.each(fileSystem) { (_, entry) throws(FileSystemError) in
            if let entry, entry.path == path { found = entry }
        }
        return found
    }

    private func outcome(_ report: RepairReport, _ plan: SalvagePlan) -> RepairReport.Outcome {
        if report.eventsLost == 0 { return .saved }
        if report.eventsLost == nil {
            let isOpen = Layout.isOpen(name: DiskPath.split(report.path).name)
            let isWhole = plan.stretches.allSatisfy { stretch in
                switch stretch.verdict {
                case .proven, .plausible: true
                // An open segment may end anywhere.
                case .cut: isOpen
                case .doubtful: false
                }
            }
            if isWhole, plan.beginsAtStart { return .saved }
        }
        return report.eventsSaved + report.eventsElsewhere == 0 ? .nothing : .partial
    }
}
