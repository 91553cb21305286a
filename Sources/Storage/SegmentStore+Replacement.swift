import Archive
import Compression
package import Dedup
import Digest
package import Disk
import Glibc

/// Replaces segments whose write or sync failed.
///
/// A file whose write or sync has failed is never written or synced again: the kernel may have
/// dropped its pages, and the next sync would claim success. Its durable part is read back, the
/// rest is still held in memory, and the SHA-256 of both together is known. So a new file is
/// written, which replaces the old one in one step once it is durable.
extension SegmentStore {
    /// Frees the memory held for durable commits, up to `commit`.
    package func forgetHeld(durable commit: CommitNumber) {
        atRisk.durable = max(atRisk.durable, commit)
        guard atRisk.bytes > 0 else { return }
        for case let segment? in segments {
            atRisk.bytes -= segment.held.forget(durable: commit)
        }
        atRisk.forgetSealed()
    }

    /// Replaces the file of every segment whose write or sync failed.
    ///
    /// To be called while no committer works. After an error nothing is lost, and the call can be
    /// repeated. `failed`: the sealed path of a segment whose sync failed elsewhere. Returns the
    /// sealed paths of all replaced segments, including those of earlier calls that failed midway.
    /// ``settle(_:replaced:)`` updates the batches that were taken and wait.
    package func replace(
        failed: String?,
        folders: DurableFolders
    ) throws(FileSystemError) -> Set<String> {
        folders.forget()
        for case let segment? in segments
        where segment.held.isBroken || segment.sealedPath == failed {
            segment.held.isBroken = true
            try replace(segment, folders)
            atRisk.replaced.insert(segment.sealedPath)
        }
        for at in atRisk.sealed.indices where atRisk.sealed[at].mustBeReplaced(failed: failed) {
            guard atRisk.sealed[at].file != nil else { continue }
            atRisk.sealed[at].isBroken = true
            try replace(&atRisk.sealed[at], folders)
            atRisk.replaced.insert(atRisk.sealed[at].sealedPath)
        }
        atRisk.failure = nil
        // Files sealed since the last batch wait in the store itself.
        settle(&batch, replaced: atRisk.replaced)
        defer { atRisk.replaced = [] }
        return atRisk.replaced
    }

    /// Removes replaced files from a batch that has not been committed: they are durable.
    package func settle(_ batch: inout CommitBatch, replaced: Set<String>) {
        batch.dirty.removeAll { replaced.contains($0.path) }
        for at in batch.seals.indices where replaced.contains(batch.seals[at].sealedPath) {
            batch.seals[at].file = nil
            batch.seals[at].isDirty = false
        }
    }

    private func replace(
        _ segment: OpenSegment,
        _ folders: DurableFolders
    ) throws(FileSystemError) {
        let new = try writeReplacement(
            segment.sealedPath,
            from: segment.file,
            durableBytes: segment.held.durableCount,
            held: segment.held.bytes,
            sha256: segment.digest.peek(),
            folders
        )
        fileSystem.close(segment.file)
        segment.file = new
        segment.reservedBytes = 0
        segment.handed.isNameCommitted = true
        atRisk.bytes -= segment.held.forgetReplaced()
    }

    private func replace(
        _ remains: inout SealedRemains,
        _ folders: DurableFolders
    ) throws(FileSystemError) {
        guard let file = remains.file else { return }
        let (path, durableBytes, sha256) = (
            remains.sealedPath, remains.durableBytes, remains.sha256
        )
        let result = remains.held.withUnsafeBytes { held in
            Result { () throws(FileSystemError) in
                try writeReplacement(
                    path,
                    from: file,
                    durableBytes: durableBytes,
                    held: held,
                    sha256: sha256,
                    folders
                )
            }
        }
        fileSystem.close(try result.get())
        fileSystem.close(file)
        remains.file = nil
        remains.isBroken = false
    }

    /// Writes a segment to a new file that takes the open name; durable on return, with its names.
    private func writeReplacement(
        _ sealedPath: String,
        from old: FileHandle,
        durableBytes: Int,
        held: UnsafeRawBufferPointer,
        sha256: String,
        _ folders: DurableFolders
    ) throws(FileSystemError) -> FileHandle {
        let open = Layout.openPath(forSealed: sealedPath)
        let copy = open + SegmentFormat.copySuffix
        let folder = DiskPath.split(sealedPath).folder
        try folders.ensure(folder)
        if fileSystem.exists(copy) { try fileSystem.remove(copy) }
        let new = try fileSystem.open(copy, .createNew)
        do throws(FileSystemError) {
            let digest = SHA256Digest()
            try copyPrefix(of: old, bytes: durableBytes, to: new, digest: digest, path: sealedPath)
            digest.update(held)
            guard digest.finish() == sha256 else { throw unreadable(sealedPath) }
            try fileSystem.write(held, to: new)
            try fileSystem.datasync(new)
            try fileSystem.replace(copy, to: open)
            try fileSystem.syncFolder(folder)
            return new
        } catch {
            fileSystem.close(new)
            throw FileSystemError(
                error.operation,
                error.path.isEmpty ? copy : error.path,
                code: error.code
            )
        }
    }

    private func copyPrefix(
        of old: FileHandle,
        bytes byteCount: Int,
        to new: FileHandle,
        digest: SHA256Digest,
        path: String
    ) throws(FileSystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < byteCount {
            let wanted = min(buffer.count, byteCount - offset)
            let count = try fileSystem.read(
                old,
                at: offset,
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            )
            guard count > 0 else { throw unreadable(path) }
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
            digest.update(bytes)
            try fileSystem.write(bytes, to: new)
            offset += count
        }
    }

    /// The error if the durable part does not read back as it was written.
    private func unreadable(_ path: String) -> FileSystemError {
        FileSystemError(.read, path, code: EBADMSG)
    }
}
