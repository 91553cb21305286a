package import Archive
import Compression
package import Disk
import Events

/// The stretches of a damaged segment that can be read, and those that can be trusted.
///
/// A flipped bit in a deflate stream need not stop inflate: the result may be other text, even
/// valid text. So a stretch, from one full flush to the next, is trusted as a whole or not at all:
///
/// - with check values in the manifest line, if length and CRC-32 match;
/// - else if every line in it is whole, valid and in order, and another stretch shows the damage.
///
/// After damage, reading continues at the next place where a new inflater succeeds. Such places end
/// in the marker of a flush. A wrong one (a commit in between, or similar bytes) is detected by the
/// first line that is not an event, or by a reference to missing text.
package struct SalvagePlan: Sendable {
    /// The reliability of a stretch.
    package enum Verdict: Sendable, Equatable {
        /// Its check value matches.
        case proven
        /// It has no error, but there is no check value.
        case plausible
        /// The file ends in it; the lines before that are whole.
        case cut
        /// It shows damage, or its check value does not match.
        case doubtful(reason: String)
    }

    /// From one full flush to the next.
    package struct Stretch: Sendable, Equatable {
        /// Bytes of the file: where it begins, and where it ends or reading stopped.
        package var start: Int
        package var end: Int
        /// Lines that are whole events, and other lines: these only in a file that is whole.
        package var lines = 0
        package var foreignLines = 0
        package var rawBytes: UInt64 = 0
        package var verdict = Verdict.plausible
    }

    /// Stretches that one inflater reads one after the other.
    struct Run: Sendable, Equatable {
        var start: Int
        var stretches: [Stretch]
    }

    /// Length and CRC-32 of a stretch's raw bytes.
    struct Check: Hashable {
        var rawBytes: UInt64
        var crc32: UInt32
    }

    /// In the order of the file.
    private(set) var runs: [Run] = []
    /// Whether the manifest line has check values.
    package private(set) var hasChecks = false
    private var checks: Set<Check> = []
    /// Bytes of the file at which the manifest line has a checkpoint.
    private var checkpointOffsets: Set<Int> = []
    private var whole: Check?
    private let isWholeMember: Bool
    private let stretchBytes: Int
    let path: String
    private let fileSystem: any FileSystem
    private let fileBytes: Int

    package var stretches: [Stretch] { runs.flatMap(\.stretches) }

    /// Whether the first event of the file is there.
    var beginsAtStart: Bool {
        runs.first.map { $0.start <= GzipFraming.headerBytes } ?? false
    }

    /// Reads a file as far as it can be read.
    ///
    /// - `entry`: its manifest line, if there is one.
    /// - `isWholeMember`: gzip's own check values match, so that all of it is as written.
    /// - `stretchBytes`: raw bytes from one full flush to the next.
    package static func make(
        _ path: String,
        in fileSystem: any FileSystem,
        entry: ManifestEntry?,
        isWholeMember: Bool = false,
        stretchBytes: Int = SegmentFormat.fullFlushBytes
    ) throws(FileSystemError) -> SalvagePlan {
        var plan = try SalvagePlan(
            path,
            in: fileSystem,
            isWholeMember: isWholeMember,
            stretchBytes: stretchBytes
        )
        if let entry { plan.takeChecks(entry) }
        var start = 0
        while let searchFrom = try plan.readRun(from: start) {
            guard let next = try plan.nextStart(after: searchFrom) else { break }
            start = next
        }
        plan.settle()
        return plan
    }

    private init(
        _ path: String,
        in fileSystem: any FileSystem,
        isWholeMember: Bool,
        stretchBytes: Int
    ) throws(FileSystemError) {
        self.isWholeMember = isWholeMember
        self.path = path
        self.fileSystem = fileSystem
        self.stretchBytes = stretchBytes
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        fileBytes = try fileSystem.size(file)
    }

    private mutating func takeChecks(_ entry: ManifestEntry) {
        guard let crc = UInt32(entry.crc32, radix: 16), entry.rawBytes >= 0 else { return }
        let total = Check(rawBytes: UInt64(entry.rawBytes), crc32: crc)
        whole = total
        // A line of an older version has none, however long the file is.
        guard entry.checkpoints != nil || entry.rawBytes <= stretchBytes else { return }
        var last = Check(rawBytes: 0, crc32: 0)
        let points = (entry.checkpoints ?? []).compactMap { point in
            UInt32(point.crc32, radix: 16).map {
                Check(rawBytes: UInt64(max(0, point.rawBytes)), crc32: $0)
            }
        }
        for next in points + [total] where next.rawBytes > last.rawBytes {
            checks.insert(Self.between(last, next))
            last = next
        }
        checkpointOffsets = Set((entry.checkpoints ?? []).map(\.bytes))
        hasChecks = true
    }

    /// Returns the check of the data between two places, from those of all data before them.
    static func between(_ first: Check, _ last: Check) -> Check {
        let count = last.rawBytes - first.rawBytes
        return Check(
            rawBytes: count,
            crc32: crc32(ofLast: count, whole: last.crc32, before: first.crc32)
        )
    }

    // MARK: - Reading

    /// Reads from one place until the file ends or shows damage; then returns where the search for
    /// the next place begins.
    private mutating func readRun(from start: Int) throws(FileSystemError) -> Int? {
        var reader = try SegmentReader(
            path,
            in: fileSystem,
            from: start,
            findsFlushPoints: true
        )
        var lines = OrderedLines(mustRise: !hasChecks)
        var builder = RunBuilder(start: start, checks: checks)
        var searchFrom = start
        defer { if !builder.run.stretches.isEmpty { runs.append(builder.run) } }
        while true {
            let piece = try reader.next()
            let now = Check(rawBytes: reader.rawBytes, crc32: reader.crc32)
            switch piece {
            case .line(let bytes):
                if let wrong = lines.wrong(bytes) {
                    if isWholeMember {
                        builder.stretch.foreignLines += 1
                        continue
                    }
                    builder.close(at: reader.compressedBytes, now, .doubtful(reason: wrong))
                    return searchFrom
                }
                builder.stretch.lines += 1
            case .flushPoint(let point):
                let offset = point.compressedOffset
                guard point.isLineEnd else {
                    // A writer flushes whole lines: an earlier flipped bit removed the line feed.
                    builder.close(at: offset, now, .doubtful(reason: "a line without end"))
                    return searchFrom
                }
                searchFrom = offset
                if hasEnded(at: point, now, &builder) { lines.beginStretch() }
            case .end(let end):
                var verdict = self.verdict(of: end, reader: reader, start: start)
                if verdict == .cut, try nextMarker(behind: searchFrom) != nil {
                    // Bytes that look like a long stored block hide the following flushes.
                    verdict = .doubtful(reason: "flushes that inflate did not meet")
                }
                if verdict == .plausible {
                    // A flush may have ended the last stretch already.
                    if now == builder.before, builder.stretch.lines == 0 { return nil }
                    if builder.closeProven(at: reader.compressedBytes, now) { return nil }
                    verdict = judge(builder.check(now))
                    builder.close(at: reader.compressedBytes, now, verdict)
                    return nil
                }
                builder.close(at: reader.compressedBytes, now, verdict)
                return verdict == .cut ? nil : searchFrom
            }
        }
    }

    /// Adds a flush; returns whether it ended a stretch.
    private func hasEnded(
        at point: SegmentReader.FlushPoint,
        _ now: Check,
        _ builder: inout RunBuilder
    ) -> Bool {
        let offset = point.compressedOffset
        if builder.extend(to: offset, now) { return false }
        if builder.closeProven(at: offset, now) { return true }
        guard isBoundary(point, behind: builder.before) else {
            builder.note(offset, now)
            return false
        }
        builder.close(at: offset, now, judge(builder.check(now)))
        return true
    }

    /// With check values, only they determine where a stretch ends: in a file that lost bytes the
    /// places of the checkpoints are wrong.
    private func isBoundary(_ point: SegmentReader.FlushPoint, behind last: Check) -> Bool {
        !hasChecks && point.rawBytes - last.rawBytes >= UInt64(stretchBytes)
    }

    /// Returns the verdict on a stretch without errors.
    private func judge(_ check: Check) -> Verdict {
        if isWholeMember || check == whole { return .proven }
        return hasChecks ? .doubtful(reason: "its CRC-32 is not the manifest's") : .plausible
    }

    /// Returns the verdict on the last stretch by the end of reading.
    private func verdict(
        of end: SegmentReader.End,
        reader: borrowing SegmentReader,
        start: Int
    ) -> Verdict {
        let offset = reader.compressedBytes
        switch end {
        case .complete, .damaged("incorrect data check"), .damaged("incorrect length check"):
            // The deflate stream has ended. If much of the file is left, a flipped bit ended it.
            if end != .complete || start > 0, fileBytes - offset > GzipFraming.trailerBytes {
                return .doubtful(reason: "the stream ends early, at byte \(offset)")
            }
            return reader.unterminatedBytes > 0
                ? .doubtful(reason: "the last line has no line feed") : .plausible
        case .cut:
            return .cut
        case .damaged(let reason):
            return .doubtful(reason: "\(reason), at byte \(offset)")
        case .lineTooLong:
            return .doubtful(reason: "a line is too long, at byte \(offset)")
        }
    }

    /// Returns the next place where reading may continue: after a damaged header, at a checkpoint
    /// of the manifest line, whose marker may be damaged, or after the next flush marker.
    private func nextStart(after start: Int) throws(FileSystemError) -> Int? {
        if start == 0, try !hasUsualHeader() { return GzipFraming.headerBytes }
        let marker = try nextMarker(behind: start)
        let checkpoint = checkpointOffsets.filter { $0 > start && $0 <= fileBytes }.min()
        guard let marker, let checkpoint else { return marker ?? checkpoint }
        return min(marker, checkpoint)
    }

    private func hasUsualHeader() throws(FileSystemError) -> Bool {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        return try fileSystem.bytes(of: file, at: 0, count: 4) == GzipFraming.headerStart
    }

    private func nextMarker(behind start: Int) throws(FileSystemError) -> Int? {
        let file = try fileSystem.open(path, .read)
        defer { fileSystem.close(file) }
        // A place may be in the middle of a marker, when bytes were added before it.
        let from = max(0, start - GzipFraming.flushMarker.count + 1)
        return try FlushMarker.end(from: from, in: file, fileSystem)
    }

    /// If every line is valid, yet the file is known to be damaged, the damage can be anywhere.
    private mutating func settle() {
        guard !hasChecks, !stretches.contains(where: \.showsDamage) else { return }
        guard !stretches.contains(where: { $0.verdict == .proven }) else { return }
        let reason = "every line reads well, but the check value of the file is wrong"
        for run in runs.indices {
            for stretch in runs[run].stretches.indices {
                runs[run].stretches[stretch].verdict = .doubtful(reason: reason)
            }
        }
    }
}

extension SalvagePlan.Stretch {
    /// Whether the file's damage, or a part of it, was detected in it.
    var showsDamage: Bool {
        switch verdict {
        case .proven, .plausible: false
        case .cut, .doubtful: true
        }
    }

    package func isKept(withDoubtful: Bool) -> Bool {
        if case .doubtful = verdict { return withDoubtful }
        return true
    }
}
