import Archive
import Compression
import Disk
import Glibc

/// Turns open files into sealed ones, several at a time, so that they share the waits for the disk.
extension FolderRecovery {
    /// An open segment whose kept part is in a copy.
    ///
    /// Always a copy: the content of an open file may be in memory only, because an earlier run
    /// could not sync it, and would be lost at the next power cut. A copy that is written and
    /// synced is on the disk.
    struct Job {
        let path: String
        let sealed: String
        let scan: OpenSegmentScan
        let copy: FileHandle
        let entry: ManifestEntry
        /// The first error; the remaining steps are left to the next recovery.
        var failure: FileSystemError?

        var copyPath: String { path + SegmentFormat.copySuffix }
    }

    /// Writes the copy of the part that a scan keeps, and reads it back, so that no file is renamed
    /// whose content differs from the scan.
    func copy(
        _ path: String,
        as sealed: String,
        _ scan: OpenSegmentScan,
        sealedAt: Int64
    ) throws(FileSystemError) -> Job {
        let copyPath = path + SegmentFormat.copySuffix
        if fileSystem.exists(copyPath) { try fileSystem.remove(copyPath) }
        let copy = try fileSystem.open(copyPath, .createNew)
        do throws(FileSystemError) {
            try write(scan, of: path, to: copy)
            return Job(
                path: path,
                sealed: sealed,
                scan: scan,
                copy: copy,
                entry: try survey(copyPath, scan)
                    .entry(path: sealed, node: node, run: run, sealedAt: sealedAt)
            )
        } catch {
            fileSystem.close(copy)
            // The disk may be full. A copy that stays is removed later.
            try? fileSystem.remove(copyPath)
            throw error
        }
    }

    private func write(
        _ scan: OpenSegmentScan,
        of path: String,
        to copy: FileHandle
    ) throws(FileSystemError) {
        let source = try fileSystem.open(path, .read)
        defer { fileSystem.close(source) }
        var offset = 0
        while offset < scan.keptBytes {
            let wanted = min(64 << 10, scan.keptBytes - offset)
            let chunk = try fileSystem.bytes(of: source, at: offset, count: wanted)
            if chunk.isEmpty { throw FileSystemError(.read, path, code: EIO) }
            try fileSystem.write(chunk, to: copy)
            offset += chunk.count
        }
        if let point = scan.ending {
            let ending = GzipFraming.ending(crc32: point.crc32, rawBytes: point.rawBytes)
            try fileSystem.write(ending, to: copy)
        }
        fileSystem.startWriting(copy)
    }

    private func survey(
        _ copyPath: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> SegmentSurvey {
        var reader = try SegmentReader(copyPath, in: fileSystem, hashes: true)
        var end: SegmentReader.End?
        while end == nil {
            if case .end(let found) = try reader.next() { end = found }
        }
        let content = OpenSegmentScan.Content(crc32: reader.crc32, rawBytes: reader.rawBytes)
        guard end == .complete, content == scan.kept else {
            throw FileSystemError(.read, copyPath, code: EIO)
        }
        var survey = SegmentSurvey()
        survey.tally = scan.tally
        survey.rawBytes = reader.rawBytes
        survey.crc32 = reader.crc32
        survey.sha256 = try reader.finishHash()
        survey.fileBytes = reader.fileBytes
        return survey
    }

    /// Makes copies durable, adds names and manifest lines, and only then removes the open
    /// segments.
    func finish(_ jobs: [Job]) -> [RecoveryReport.File] {
        var jobs = jobs
        for index in jobs.indices {
            jobs[index].attempt { (job) throws(FileSystemError) in
                try fileSystem.datasync(job.copy)
            }
            fileSystem.close(jobs[index].copy)
            jobs[index].attempt { (job) throws(FileSystemError) in
                try folders.ensure(DiskPath.split(job.sealed).folder)
                try fileSystem.rename(job.copyPath, to: job.sealed)
            }
        }
        syncNames(&jobs)
        let entries = jobs.filter { $0.failure == nil }.map(\.entry)
        do throws(FileSystemError) {
            try manifest.append(entries)
        } catch {
            for index in jobs.indices { jobs[index].failure = jobs[index].failure ?? error }
        }
        return jobs.map(letGo)
    }

    private func syncNames(_ jobs: inout [Job]) {
        let folder = { (job: Job) in PathKey(DiskPath.split(job.sealed).folder) }
        for name in Set(jobs.map(folder)).sorted() {
            do throws(FileSystemError) {
                try fileSystem.syncFolder(name.path)
            } catch {
                for index in jobs.indices where folder(jobs[index]) == name {
                    jobs[index].failure = jobs[index].failure ?? error
                }
            }
        }
    }

    private func letGo(_ job: Job) -> RecoveryReport.File {
        var file = RecoveryReport.File(job.path, .removed, scan: job.scan)
        file.keptBytes = job.scan.keptBytes
        do throws(FileSystemError) {
            if let failure = job.failure { throw failure }
            if job.scan.verdict == .damaged {
                file.outcome = .damaged(keptAside: try setAside(job.path, sealed: job.sealed))
            } else {
                try fileSystem.remove(job.path)
                file.outcome = job.scan.ending == nil ? .finished : .cut
            }
            return file
        } catch {
            return RecoveryReport.File(failed: job.path, error)
        }
    }

    /// Completes an interrupted recovery that had renamed a copy to its sealed name: if the sealed
    /// file begins with the content of the open one, the open one is removed.
    ///
    /// The open file can hold less than the sealed one: a killed process leaves more in memory than
    /// on the disk, recovery seals that, and a power cut restores the older open file. On file
    /// systems without a journal a rename can leave both names.
    func settleAgain(
        _ path: String,
        sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(path, .removed, scan: scan)
        // The sealed name may be in memory only: it must be durable before the open file goes.
        let folder = DiskPath.split(sealed).folder
        try folders.ensure(folder)
        try fileSystem.syncFolder(folder)
        let isThere = try scan.kept.map { (kept) throws(FileSystemError) in
            try begins(sealed, with: kept)
        }
        switch (scan.verdict, isThere) {
        case (.empty, _):
            try fileSystem.remove(path)
        case (.torn, true), (.finished, true):
            try fileSystem.remove(path)
            file.outcome = scan.ending == nil ? .finished : .cut
            file.keptBytes = scan.keptBytes
        case (_, true):
            file.keptBytes = scan.keptBytes
            file.outcome = .damaged(keptAside: try setAside(path, sealed: sealed))
        default:
            file.events = 0
            file.reason = "the sealed file beside it has other content; \(file.reason)"
            file.outcome = .damaged(keptAside: try setAside(path, sealed: sealed))
        }
        return file
    }

    /// Whether a whole sealed file begins with raw bytes of this length and CRC-32.
    private func begins(
        _ sealed: String,
        with content: OpenSegmentScan.Content
    ) throws(FileSystemError) -> Bool {
        var reader = try SegmentReader(sealed, in: fileSystem, findsFlushPoints: true)
        var isFound = false
        while true {
            switch try reader.next() {
            case .line: continue
            case .flushPoint(let point):
                isFound =
                    isFound
                    || point.crc32 == content.crc32
                        && point.rawBytes == content.rawBytes
            case .end(let end):
                let isSame =
                    reader.crc32 == content.crc32 && reader.rawBytes == content.rawBytes
                return end == .complete && (isFound || isSame)
            }
        }
    }

    /// Renames a damaged file so that no reader sees it; returns the name; durable on return.
    func setAside(_ path: String, sealed: String) throws(FileSystemError) -> String {
        let aside = Layout.freeDamagedPath(forSealed: sealed, in: fileSystem)
        try fileSystem.rename(path, to: aside)
        try fileSystem.syncFolder(DiskPath.split(path).folder)
        return aside
    }
}

extension OpenSegmentScan {
    /// The ending that the kept part needs; nil if it has its own.
    var ending: SegmentReader.FlushPoint? {
        if case .finished = verdict { nil } else { keep }
    }

    /// The number of bytes of the open segment that are kept.
    var keptBytes: Int {
        if case .finished(let bytes) = verdict { return bytes }
        return events > 0 ? keep?.compressedOffset ?? 0 : 0
    }
}

extension FolderRecovery.Job {
    /// Performs a step, unless an earlier one has failed.
    fileprivate mutating func attempt(
        _ step: (FolderRecovery.Job) throws(FileSystemError) -> Void
    ) {
        guard failure == nil else { return }
        do throws(FileSystemError) {
            try step(self)
        } catch {
            failure = error
        }
    }
}
