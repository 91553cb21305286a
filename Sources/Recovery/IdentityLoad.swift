package import Archive
import Dedup
package import Disk
package import Events
import Platform

/// Loads the ids of all events that were committed within a window before now, by sources with
/// `dedup` on: from the files of ids, or from the segment if its file is missing, damaged, or lacks
/// a source that has `dedup` on now.
///
/// To be run before the intake of these sources. It skips segments that earlier runs left open:
/// ``OpenIdentities`` has their ids. Oldest first. One thread.
///
/// A file of ids is valid even if its segment has been moved away: acknowledged events stay
/// acknowledged.
package struct IdentityLoad {
    /// The result of a load.
    package struct Report: Sendable, Equatable {
        /// Ids within the window.
        package var ids = 0
        /// Files of ids that were whole.
        package var files = 0
        /// Segments read because their file of ids was missing or damaged, and their bytes.
        package var segments = 0
        package var segmentBytes = 0
        /// The number of manifest lines read.
        package var manifestLines = 0
        /// Segments that could not be read, and why: some or all of their ids are unknown.
        package var unreadable: [String: String] = [:]
        /// The time of receipt of their last event, seconds since 1970 UTC; all ids of later events
        /// are known.
        package var unreadableUntil: UInt32?
        /// Whether it was stopped before it was done.
        package var isStopped = false

        package init() {}
    }

    let fileSystem: any FileSystem
    /// Numbers of sources by name.
    let sources: [String: Int]
    /// The start of the window, seconds since 1970 UTC.
    let since: UInt32
    let contentHash: ContentHash
    let shouldStop: @Sendable () -> Bool

    /// - `sources`: those with `dedup` on.
    /// - `since`: the start of the window, seconds since 1970 UTC.
    /// - `contentHash`: of this data folder.
    /// - `shouldStop`: called between files.
    package init(
        fileSystem: any FileSystem,
        sources: [String: Int],
        since: UInt32,
        contentHash: ContentHash,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.fileSystem = fileSystem
        self.sources = sources
        self.since = since
        self.contentHash = contentHash
        self.shouldStop = shouldStop
    }

    /// Visits every id.
    ///
    /// Throws only if manifests or the folder of ids cannot be read; the results of single files
    /// are in the report.
    ///
    /// - `leftovers`: of this start; nil if nothing was left.
    /// - `firstDay`: the first day whose manifests are read, which is that of the window's start or
    ///   an earlier one.
    package func run(
        _ leftovers: Leftovers? = nil,
        from firstDay: String? = nil,
        onIdentity: (KnownIdentity) -> Void,
        progress: (Report) -> Void = { _ in }
    ) throws(FileSystemError) -> Report {
        var report = Report()
        var segments = try segmentsInWindow(leftovers, from: firstDay, report: &report)
        let open = Set(leftovers?.recovered.map(Self.name) ?? [])
        for name in try IdentitySweep.names(fileSystem) where !open.contains(name) {
            if segments[name] == nil { segments[name] = Segment() }
        }
        let ordered = segments.sorted {
            (IdentitySweep.stamp($0.key), $0.key) < (IdentitySweep.stamp($1.key), $1.key)
        }
        for (name, segment) in ordered {
            if shouldStop() {
                report.isStopped = true
                break
            }
            load(name, of: segment, report: &report, onIdentity: onIdentity)
            progress(report)
        }
        return report
    }

    /// A segment with events in the window.
    private struct Segment {
        /// Its sealed path; empty if no manifest of the window names it.
        var path = ""
        /// The sources with `dedup` on that have events in it.
        var sources: Set<String> = []
        /// The time of receipt of its last event, seconds since 1970 UTC.
        var lastSeconds: UInt32 = 0
    }

    /// Returns the segments with events in the window, by the name of their file of ids.
    private func segmentsInWindow(
        _ leftovers: Leftovers?,
        from firstDay: String?,
        report: inout Report
    ) throws(FileSystemError) -> [String: Segment] {
        var segments: [String: Segment] = [:]
        var unlisted = leftovers?.sealed ?? []
        let date = Timestamp.date(Int64(since) * 1_000_000)
        try ManifestReader.each(fileSystem, from: min(date, firstDay ?? date)) {
            (_, entry) throws(FileSystemError) in
            report.manifestLines += 1
            guard let entry else { return }
            unlisted.remove(PathDigest(entry.path))
            guard DiskPath.isBelow(SegmentFormat.events, entry.path),
                let last = entry.lastReceivedAt.flatMap({ Timestamp.parse($0) }),
                last / 1_000_000 >= Int64(since)
            else { return }
            let found = Set(entry.sequences.map(\.source)).filter { sources[$0] != nil }
            guard !found.isEmpty else { return }
            segments[Self.name(entry.path)] = Segment(
                path: entry.path,
                sources: found,
                lastSeconds: UInt32(clamping: last / 1_000_000)
            )
        }
        // A crash preceded their lines, which recovery will write. They may have any source.
        for path in try Leftovers.paths(of: unlisted, fileSystem)
        where DiskPath.isBelow(SegmentFormat.events, path) {
            segments[Self.name(path)] = Segment(
                path: path,
                sources: Set(sources.keys),
                lastSeconds: .max
            )
        }
        return segments
    }

    /// Returns the name of a segment's file of ids.
    private static func name(_ segment: String) -> String {
        DiskPath.split(Layout.identityPath(forSealed: segment)).name
    }

    /// Rewrites the file of ids of a segment if it lacks something, so that the next start need not
    /// read the segment.
    package func complete(_ segment: String) throws(FileSystemError) {
        var report = Report()
        let found = Segment(path: segment, sources: Set(sources.keys))
        let path = Layout.identityPath(forSealed: segment)
        guard fileSystem.exists(segment),
            try readFile(path, of: found, report: &report, onIdentity: { _ in }) != nil
        else {
            return
        }
        _ = try read(segment, report: &report) { _ in }
    }

    private func load(
        _ name: String,
        of segment: Segment,
        report: inout Report,
        onIdentity: (KnownIdentity) -> Void
    ) {
        let path = DiskPath.join(SegmentFormat.identities, name)
        do throws(FileSystemError) {
            guard
                let lack = try readFile(path, of: segment, report: &report, onIdentity: onIdentity)
            else { return }
            if segment.path.isEmpty {
                // Its segment is older than the window, or was begun and never sealed.
                try fileSystem.remove(path)
            } else if fileSystem.exists(segment.path) {
                let why = try read(segment.path, report: &report, onIdentity: onIdentity)
                if let why { note(segment, because: why, report: &report) }
            } else {
                note(
                    segment,
                    because: "it is gone, and of its file of ids: \(lack)",
                    report: &report
                )
            }
        } catch {
            note(
                segment.path.isEmpty ? Segment(path: path) : segment,
                because: "\(error)",
                report: &report
            )
        }
    }

    private func note(_ segment: Segment, because why: String, report: inout Report) {
        report.unreadable[segment.path] = why
        report.unreadableUntil = max(report.unreadableUntil ?? 0, segment.lastSeconds)
    }

    /// Visits the ids of a file; returns the reason if it lacks ids of its segment, else nil.
    private func readFile(
        _ path: String,
        of segment: Segment,
        report: inout Report,
        onIdentity: (KnownIdentity) -> Void
    ) throws(FileSystemError) -> String? {
        guard fileSystem.exists(path) else { return "there is none" }
        var ids = 0
        let show = { (entry: IdentityFileReader.Entry) in
            guard entry.seconds >= since, let number = sources[entry.source] else { return }
            ids += 1
            onIdentity(
                KnownIdentity(
                    source: number,
                    producer: entry.producer,
                    seconds: entry.seconds,
                    identity: entry.identity,
                    content: entry.content
                )
            )
        }
        var outcome = try IdentityFileReader.read(
            path,
            in: fileSystem,
            contents: .of(check: contentHash.check),
            onEntry: show
        )
        // The contents can be hashed again only if the events exist.
        if outcome == .otherKey, segment.path.isEmpty || !fileSystem.exists(segment.path) {
            outcome = try IdentityFileReader.read(
                path,
                in: fileSystem,
                contents: .unknown,
                onEntry: show
            )
        }
        report.ids += ids
        switch outcome {
        case .damaged(let why): return why
        case .otherKey: return "its contents were hashed with another key"
        case .whole(_, let covered):
            let lacking = segment.sources.subtracting(covered)
            guard lacking.isEmpty else {
                return "it has no ids of \(lacking.sorted().joined(separator: ", "))"
            }
            report.files += 1
            return nil
        }
    }

    /// Reads a segment's lines, and writes its missing file of ids; returns its damage, if any.
    private func read(
        _ segment: String,
        report: inout Report,
        onIdentity: (KnownIdentity) -> Void
    ) throws(FileSystemError) -> String? {
        report.segments += 1
        var reader = try SegmentReader(segment, in: fileSystem)
        var rewrite = IdentityRewrite(
            segment: segment,
            sources: sources,
            contentCheck: contentHash.check
        )
        defer { rewrite.free() }
        var lineReader = WrittenLineReader()
        var line = WrittenLine()
        while true {
            switch try reader.next() {
            case .line(let bytes):
                guard lineReader.read(bytes, into: &line),
                    let source = sources[String(decoding: line.source, as: UTF8.self)]
                else { continue }
                let identity = line.isMessageID ? PackedIdentity(line.id) : .none
                let known = KnownIdentity(
                    source: source,
                    producer: line.producerName,
                    seconds: UInt32(clamping: line.receivedAt / 1_000_000),
                    identity: identity,
                    content: identity.isNone ? 0 : contentHash(line)
                )
                rewrite.add(known, receivedAt: line.receivedAt, fileSystem)
                guard !identity.isNone, known.seconds >= since else { continue }
                report.ids += 1
                onIdentity(known)
            case .flushPoint:
                continue
            case .end(let end):
                report.segmentBytes += reader.fileBytes
                guard end == .complete else { return "it cannot be read to its end" }
                rewrite.end(fileSystem)
                return nil
            }
        }
    }
}

/// A file of ids that is rewritten from its segment.
private struct IdentityRewrite {
    let segment: String
    let names: [String]
    let contentCheck: UInt64
    var list = IdentityList()
    /// Numbers of the producers' scopes, by source and name.
    private var scopes: [[String: Int]]
    private var scopeCount = 0

    init(segment: String, sources: [String: Int], contentCheck: UInt64) {
        self.segment = segment
        self.contentCheck = contentCheck
        let count = (sources.values.max() ?? -1) + 1
        var names = Array(repeating: IdentityFile.noSource, count: count)
        for (name, number) in sources { names[number] = name }
        self.names = names
        scopes = Array(repeating: [:], count: count)
    }

    func free() { list.free() }

    mutating func add(
        _ known: KnownIdentity,
        receivedAt: Int64,
        _ fileSystem: any FileSystem
    ) {
        var producer = known.producer
        let number = scope(of: known)
        producer.withUTF8 { name in
            list.add(
                known.identity,
                content: known.content,
                scope: IdentityScope(
                    number: number,
                    source: known.source,
                    producer: UnsafeRawBufferPointer(name)
                ),
                receivedAt: receivedAt
            )
        }
        if list.count >= IdentityList.takenFrom { write(end: nil, fileSystem) }
    }

    private mutating func scope(of known: KnownIdentity) -> Int {
        if let number = scopes[known.source][known.producer] { return number }
        scopeCount += 1
        scopes[known.source][known.producer] = scopeCount
        return scopeCount
    }

    mutating func end(_ fileSystem: any FileSystem) {
        write(end: IdentityEnd(ids: list.ids, lastSeconds: list.lastSeconds), fileSystem)
    }

    private mutating func write(end: IdentityEnd?, _ fileSystem: any FileSystem) {
        if !list.isBegun { try? fileSystem.remove(Layout.identityPath(forSealed: segment)) }
        let part = IdentityPart(
            segment: segment,
            sources: list.isBegun ? nil : names,
            contentCheck: contentCheck,
            entries: list.take(),
            end: end
        )
        list.isBegun = true
        IdentityFile.append(part, in: fileSystem)
    }
}
