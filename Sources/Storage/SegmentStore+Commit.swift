package import Archive
import Compression
import Dedup
import Digest
package import Disk
import Events
import Platform

/// Commits, seals, and the descriptions of open segments.
extension SegmentStore {
    /// How long an hour stays open after its end, for events that were received in it and are still
    /// in a ring: otherwise each would be filed in a new file.
    static let hourGraceMicros: Int64 = 2_000_000

    /// Flushes every segment with new lines, and returns all that must become durable, including
    /// sealed files.
    ///
    /// Its events may be acknowledged only after the committer is done.
    package func takeBatch() throws(FileSystemError) -> CommitBatch {
        try openWaiting()
        for (slot, segment) in segments.enumerated() {
            guard let segment else { continue }
            try commit(segment, slot)
        }
        countBatch()
        defer { batch = CommitBatch() }
        return batch
    }

    private func commit(_ segment: OpenSegment, _ slot: Int) throws(FileSystemError) {
        guard segment.handed.isDirty || !pendings[slot].bytes.isEmpty else { return }
        try deflate(segment, in: slot, flush: dueFlush(segment, slot, atLeast: .sync))
        takeIdentities(segment, slot)
        batch.dirty.append(
            CommitBatch.DirtyFile(
                file: segment.file,
                path: segment.sealedPath,
                newNameIn: segment.handed.isNameCommitted ? nil : segment.folder
            )
        )
        countLines(segment, slot)
        segment.handOver(to: lastCommit.next, at: clock.now, wall: clock.wall)
        if segment.stream.compressedBytes >= UInt64(configuration.segmentBytesMax) {
            try seal(slot, .size)
        }
    }

    /// Seals segments that are too old, idle, or of a past hour.
    ///
    /// Cheap enough for every commit interval.
    package func sealDue(router: borrowing PartitionRouter) throws(FileSystemError) {
        let current = router.firstHour(clock.wall - Self.hourGraceMicros)
        for (slot, segment) in segments.enumerated() {
            guard let segment else { continue }
            segment.use.look(events: pendings[slot].events, at: clock.now)
            let isOver =
                segment.key.isQuarantine
                ? segment.key.hour + 24 <= Int(clock.wall / 3_600_000_000)
                : router.closesByClock && segment.key.hour < current
            if isOver {
                try seal(slot, .hour)
            } else if clock.now - segment.use.openedAt >= configuration.ageMax.nanoseconds {
                try seal(slot, .age)
            } else if clock.now - segment.use.lastUsedAt >= configuration.idleMax.nanoseconds {
                try seal(slot, .idle)
            }
        }
    }

    /// Seals the segments whose sealed path is `prefix` or below that folder (all for ""), and
    /// returns their number.
    package func seal(
        prefix: String,
        reason: ManifestEntry.Reason = .drain
    ) throws(FileSystemError) -> Int {
        var count = 0
        try openWaiting()
        for (slot, segment) in segments.enumerated() {
            guard let segment, DiskPath.isAtOrBelow(prefix, segment.sealedPath) else { continue }
            try seal(slot, reason)
            count += 1
        }
        return count
    }

    func sealLeastRecentlyUsed() throws(FileSystemError) {
        if let slot = leastRecentlyUsed() { try seal(slot, .limit) }
    }

    /// Returns the slot of the segment without events for the longest time.
    func leastRecentlyUsed(where isWanted: (OpenSegment) -> Bool = { _ in true }) -> Int? {
        var oldest: (slot: Int, at: Int64)?
        for (slot, segment) in segments.enumerated() {
            guard let segment, isWanted(segment) else { continue }
            let used = segment.use.lastUsed(events: pendings[slot].events, at: clock.now)
            if oldest.map({ used < $0.at }) ?? true { oldest = (slot, used) }
        }
        return oldest?.slot
    }

    /// Ends a segment's stream and adds it to the batch.
    func seal(_ slot: Int, _ reason: ManifestEntry.Reason) throws(FileSystemError) {
        guard let segment = segments[slot] else { preconditionFailure("no segment in the slot") }
        try deflate(segment, in: slot, flush: .finish)
        if segment.reservedBytes > 0 { fileSystem.releaseReserved(segment.file) }
        countLines(segment, slot)
        batch.dirty.removeAll { $0.file == segment.file }
        let isDurable = batch.seals.count >= configuration.sealsMax && finishHere(segment)
        let task = SealTask(
            file: isDurable ? nil : segment.file,
            isDirty: !isDurable,
            sealedPath: segment.sealedPath,
            entry: entry(of: segment, lines: pendings[slot], reason: reason)
        )
        batch.seals.append(task)
        atRisk.add(SealedRemains(of: segment, task, commit: lastCommit.next), of: segment)
        endIdentities(segment, slot)
        pendings[slot].free()
        (pendings + slot).deinitialize(count: 1)
        segments[slot] = nil
        release(slot, of: segment.key)
    }

    private func countLines(_ segment: OpenSegment, _ slot: Int) {
        batch.lines += segment.handed.countLines(of: pendings[slot].events)
    }

    /// Syncs and closes a finished file on this thread; returns whether that succeeded.
    ///
    /// One message can seal any number of segments before the next commit. If all of them kept
    /// their descriptors for the committer, the writer would run out of descriptors and wait for
    /// those that only its next batch closes. A file that lacks bytes after a failed write is left
    /// to be replaced, as is one whose sync fails. A file that a committer may still have to sync
    /// is left to it: of two syncs of a file, only one reports an error.
    private func finishHere(_ segment: OpenSegment) -> Bool {
        guard segment.held.isAtRest(durable: atRisk.durable) else { return false }
        segment.held.isBroken = !syncAndClose(segment.file, segment.sealedPath)
        return !segment.held.isBroken
    }

    /// Returns whether the sync succeeded; if not, the file stays open.
    private func syncAndClose(_ file: FileHandle, _ sealedPath: String) -> Bool {
        do {
            try fileSystem.datasync(file)
        } catch {
            atRisk.note(FileSystemError(error.operation, sealedPath, code: error.code))
            return false
        }
        fileSystem.close(file)
        return true
    }

    /// Does the same with one of the sealed files that wait for the next batch; returns false if no
    /// file can be closed here.
    func finishWaitingSeal() -> Bool {
        guard let next = atRisk.firstAtRest(after: lastCommit), let file = atRisk.sealed[next].file
        else { return false }
        let path = atRisk.sealed[next].sealedPath
        guard syncAndClose(file, path) else {
            atRisk.sealed[next].isBroken = true
            return false
        }
        atRisk.close(next)
        settle(&batch, replaced: [path])
        return true
    }

    private func entry(
        of segment: OpenSegment,
        lines: PendingLines,
        reason: ManifestEntry.Reason
    ) -> ManifestEntry {
        var sequences: [ManifestEntry.Sequence] = []
        for (source, tally) in lines.tallies.enumerated() where tally.events > 0 {
            sequences.append(
                ManifestEntry.Sequence(
                    source: configuration.sources[source],
                    run: configuration.run,
                    events: tally.events,
                    first: tally.first,
                    last: tally.last
                )
            )
        }
        func text(_ micros: Int64) -> String? {
            micros == .max || micros == .min ? nil : Timestamp.text(micros)
        }
        return ManifestEntry(
            path: segment.sealedPath,
            node: configuration.node,
            run: configuration.run,
            reason: reason,
            events: lines.events,
            rawBytes: Int(segment.stream.rawBytes),
            compressedBytes: Int(segment.stream.compressedBytes),
            crc32: Hex.text(segment.stream.crc32),
            sha256: segment.digest.finish(),
            firstReceivedAt: text(lines.firstReceived),
            lastReceivedAt: text(lines.lastReceived),
            firstEventTime: text(lines.firstEventTime),
            lastEventTime: text(lines.lastEventTime),
            sequences: sequences,
            sealedAt: Timestamp.text(clock.wall),
            checkpoints: segment.flushes.checkpoints
        )
    }

    /// Sets new limits for segments, effective at the next check.
    package func setLimits(segmentBytesMax: Int, ageMax: Duration, idleMax: Duration) {
        configuration.segmentBytesMax = segmentBytesMax
        configuration.ageMax = ageMax
        configuration.idleMax = idleMax
    }

    /// Returns descriptions of the open segments.
    package func describeOpen() -> [OpenSegmentDescription] {
        segments.enumerated().compactMap { slot, segment in
            segment.map { segment in
                OpenSegmentDescription(
                    path: Layout.openPath(forSealed: segment.sealedPath),
                    events: pendings[slot].events,
                    rawBytes: Int(segment.stream.rawBytes) + pendings[slot].bytes.count,
                    compressedBytes: Int(segment.stream.compressedBytes),
                    openedAt: segment.use.openedAt,
                    lastCommitAt: segment.handed.lastCommitAt
                )
            }
        }
    }
}

/// An open segment as operators see it.
package struct OpenSegmentDescription: Sendable {
    package let path: String
    package let events: Int
    package let rawBytes: Int
    package let compressedBytes: Int
    /// Nanoseconds of the monotonic clock.
    package let openedAt: Int64
    /// Microseconds since 1970 UTC.
    package let lastCommitAt: Int64?
}

extension Duration {
    /// Whole nanoseconds, clamped.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled &+ attoseconds / 1_000_000_000
    }
}
