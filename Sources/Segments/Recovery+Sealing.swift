import Compression
import Glibc

/// Making sealed files of open ones.
extension Recovery {
    /// The part of an open segment that is kept.
    struct Part {
        /// Bytes from the file's start.
        var bytes: Int
        /// How the member is to be ended; nil when its own ending stands there.
        var ending: SegmentReader.FlushPoint?
    }

    /// Seals a part of an open segment under its name, durable with its manifest line on return; the
    /// open segment stays.
    ///
    /// Always from a copy: what an open file shows may be in memory only, because a run before could
    /// not sync it, and would then be gone with the next power cut. What is written anew and synced is
    /// on the disk. The copy is read back, so that nothing is given a name that is not what the scan
    /// has seen.
    func seal(
        _ part: Part,
        of path: String,
        as sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) {
        let copy = path + Self.copySuffix
        try write(part, of: path, to: copy)
        let survey = try SegmentSurvey.read(copy, in: fileSystem)
        guard survey.damage == nil, survey.content == scan.kept, survey.tally.events == scan.events
        else { throw FileSystemError(.read, path, code: EIO) }
        let folder = Layout.split(sealed).folder
        try folders.ensure(folder)
        try fileSystem.rename(copy, to: sealed)
        try fileSystem.syncFolder(folder)
        try manifest.append(survey.entry(path: sealed, node: node, run: run, sealedAt: now()))
    }

    private func write(
        _ part: Part,
        of path: String,
        to copy: String
    ) throws(FileSystemError) {
        let source = try fileSystem.open(path, .read)
        defer { fileSystem.close(source) }
        if fileSystem.exists(copy) { try fileSystem.remove(copy) }
        let target = try fileSystem.open(copy, .createNew)
        defer { fileSystem.close(target) }
        var offset = 0
        while offset < part.bytes {
            let wanted = min(64 << 10, part.bytes - offset)
            let chunk = try fileSystem.bytes(of: source, at: offset, count: wanted)
            if chunk.isEmpty { throw FileSystemError(.read, path, code: EIO) }
            try fileSystem.write(chunk, to: target)
            offset += chunk.count
        }
        if let point = part.ending {
            let ending = GzipFraming.ending(crc32: point.crc32, rawBytes: point.rawBytes)
            try fileSystem.write(ending, to: target)
        }
        try fileSystem.datasync(target)
    }

    /// Goes on where a recovery stopped after it had given a file its sealed name: when the sealed
    /// file begins with what the open one holds, the open one has had its time.
    ///
    /// It can hold less than the sealed file: a process that was killed leaves more in memory than is
    /// on the disk, recovery reads and seals that, and a power cut brings the older open file back. On
    /// file systems without a journal a rename can leave both names.
    func settleAgain(
        _ path: String,
        sealed: String,
        _ scan: OpenSegmentScan
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(path, .removed, scan)
        // The sealed name may be in memory only; what is about to go must not go before it.
        let folder = Layout.split(sealed).folder
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

    /// Whether a whole sealed file begins with raw bytes of that length and CRC-32.
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
                isFound = isFound || point.crc32 == content.crc32
                    && point.rawBytes == content.rawBytes
            case .end(let end):
                let isSame =
                    reader.crc32 == content.crc32 && reader.rawBytes == content.rawBytes
                return end == .complete && (isFound || isSame)
            }
        }
    }

    /// Keeps a damaged file under a name no reader sees, and gives that name; durable on return.
    func setAside(_ path: String, sealed: String) throws(FileSystemError) -> String {
        let aside = freeDamagedPath(forSealed: sealed)
        try fileSystem.rename(path, to: aside)
        try fileSystem.syncFolder(Layout.split(path).folder)
        return aside
    }

    private func freeDamagedPath(forSealed sealed: String) -> String {
        let first = Layout.damagedPath(forSealed: sealed)
        var path = first
        var number = 2
        while fileSystem.exists(path) {
            path =
                String(first.dropLast(Layout.damagedSuffix.count)) + ".\(number)"
                + Layout.damagedSuffix
            number += 1
        }
        return path
    }
}

extension OpenSegmentScan {
    /// How what is kept has to be ended; nil when its own ending stands there.
    var ending: SegmentReader.FlushPoint? {
        if case .finished = verdict { nil } else { keep }
    }

    /// Bytes of the open segment that are kept.
    var keptBytes: Int {
        if case .finished(let bytes) = verdict { return bytes }
        return events > 0 ? keep?.compressedOffset ?? 0 : 0
    }
}

extension SegmentSurvey {
    fileprivate var content: OpenSegmentScan.Content {
        OpenSegmentScan.Content(crc32: crc32, rawBytes: rawBytes)
    }
}
