import Compression

extension Recovery {
    /// Cuts a file and, unless its own ending stands there, ends the member; durable on return.
    func finish(
        _ path: String,
        at size: Int,
        ending point: SegmentReader.FlushPoint?
    ) throws(FileSystemError) {
        let file = try fileSystem.open(path, .modify)
        defer { fileSystem.close(file) }
        try fileSystem.truncate(file, to: size)
        if let point {
            let ending = GzipFraming.ending(crc32: point.crc32, rawBytes: point.rawBytes)
            try fileSystem.write(ending, to: file)
        }
        try fileSystem.datasync(file)
    }

    /// Gives a finished file its name; durable on return, with the folders above it.
    func seal(_ path: String, as sealed: String) throws(FileSystemError) {
        let folder = Layout.split(sealed).folder
        try folders.ensure(folder)
        try fileSystem.rename(path, to: sealed)
        try fileSystem.syncFolder(folder)
    }

    /// Keeps a damaged file under a name no reader sees, after sealing what can be read of it.
    ///
    /// `scan`: nil when the sealed name is taken, so that its readable part is there
    /// already.
    func setAside(
        _ path: String,
        sealed: String,
        scan: OpenSegmentScan?
    ) throws(FileSystemError) -> RecoveryReport.File {
        var file = RecoveryReport.File(
            path: path,
            outcome: .removed,
            events: scan?.events ?? 0,
            fileBytes: scan?.fileBytes ?? 0,
            keptBytes: 0,
            reason: scan?.reason ?? "its readable part was sealed before"
        )
        if let keep = scan?.keep, file.events > 0 {
            let copy = Layout.openPath(forSealed: sealed) + Self.copySuffix
            try copyPrefix(of: path, to: copy, keep)
            try seal(copy, as: sealed)
            file.keptBytes = keep.compressedOffset
        }
        let aside = freeDamagedPath(forSealed: sealed)
        try fileSystem.rename(path, to: aside)
        try fileSystem.syncFolder(Layout.split(path).folder)
        file.outcome = .damaged(keptAside: aside)
        return file
    }

    private func copyPrefix(
        of path: String,
        to copy: String,
        _ point: SegmentReader.FlushPoint
    ) throws(FileSystemError) {
        let source = try fileSystem.open(path, .read)
        defer { fileSystem.close(source) }
        if fileSystem.exists(copy) { try fileSystem.remove(copy) }
        let target = try fileSystem.open(copy, .createNew)
        defer { fileSystem.close(target) }
        var offset = 0
        while offset < point.compressedOffset {
            let wanted = min(64 << 10, point.compressedOffset - offset)
            let chunk = try fileSystem.bytes(of: source, at: offset, count: wanted)
            if chunk.isEmpty { break }
            try fileSystem.write(chunk, to: target)
            offset += chunk.count
        }
        let ending = GzipFraming.ending(crc32: point.crc32, rawBytes: point.rawBytes)
        try fileSystem.write(ending, to: target)
        try fileSystem.datasync(target)
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
