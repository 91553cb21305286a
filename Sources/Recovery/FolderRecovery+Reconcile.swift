import Archive
package import Disk

extension FolderRecovery {
    /// Ends torn manifest lines.
    ///
    /// To be called once, before anything is appended to a manifest in this run, and so before
    /// intake begins; ``run(progress:)`` may follow at any time.
    package static func mendManifests(
        _ fileSystem: any FileSystem
    ) throws(FileSystemError) -> [String] {
        try ManifestReader.mend(fileSystem)
    }

    /// Adds a manifest line for every sealed file of earlier runs that has none, and reports lines
    /// without a file, both as far back as lines are read.
    func reconcile(
        _ leftovers: Leftovers,
        history: ManifestHistory,
        report: inout RecoveryReport
    ) throws(FileSystemError) {
        let recovered = leftovers.recovered
        var unlisted = leftovers.sealed.union(recovered.map(PathDigest.init))
        var removed: Set<PathDigest> = []
        try ManifestReader.eachNumbered(fileSystem, from: history.firstDay) {
            (_, line, entry) throws(FileSystemError) in
            report.manifestLines += 1
            if let entry {
                unlisted.remove(PathDigest(entry.path))
                if !fileSystem.exists(entry.path) { report.missingFiles.append(entry.path) }
            } else if let removal = ManifestRemoval(line) {
                removed.insert(PathDigest(removal.removed.path))
            } else {
                report.tornLines += 1
            }
        }
        report.missingFiles.removeAll { removed.contains(PathDigest($0)) }
        // These are only copies of files that still exist beside them, or were renamed since.
        for path in leftovers.copies where fileSystem.exists(path) { try fileSystem.remove(path) }
        for path in leftovers.open where fileSystem.exists(path + SegmentFormat.copySuffix) {
            try? fileSystem.remove(path + SegmentFormat.copySuffix)
        }
        var paths = recovered.filter {
            unlisted.remove(PathDigest($0)) != nil && fileSystem.exists($0)
        }
        if !unlisted.isEmpty {
            paths += try pathsNowhereListed(unlisted, history: history, report: &report)
        }
        for path in paths {
            if shouldStop() {
                report.isStopped = true
                return
            }
            try addEntry(for: path, &report)
        }
    }

    /// Before a line is added, all manifests are read: a clock that was ahead may have given a file
    /// a later name than the day of its line.
    private func pathsNowhereListed(
        _ digests: Set<PathDigest>,
        history: ManifestHistory,
        report: inout RecoveryReport
    ) throws(FileSystemError) -> [String] {
        var unlisted = digests
        try ManifestReader.each(fileSystem, before: history.firstDay) {
            (_, entry) throws(FileSystemError) in
            report.manifestLines += 1
            if let entry { unlisted.remove(PathDigest(entry.path)) }
        }
        return try Leftovers.paths(of: unlisted, fileSystem)
    }

    private func addEntry(
        for path: String,
        _ report: inout RecoveryReport
    ) throws(FileSystemError) {
        let survey: SegmentSurvey
        do throws(FileSystemError) {
            survey = try SegmentSurvey.read(path, in: fileSystem)
        } catch {
            report.unreadable[path] = "\(error)"
            report.hasRefusedReads = true
            return
        }
        if let damage = survey.damage {
            report.unreadable[path] = damage
            return
        }
        // The name may be in memory only; a line must never exist without its file.
        let folder = DiskPath.split(path).folder
        try folders.ensure(folder)
        try fileSystem.syncFolder(folder)
        try manifest.append(survey.entry(path: path, node: node, run: run, sealedAt: now()))
        report.entriesAdded.append(path)
    }
}
