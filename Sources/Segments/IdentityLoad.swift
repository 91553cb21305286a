package import Dedup
import Events

/// Finds the ids of all events that were committed within a window before now, by sources with
/// `dedup` on: from the files of ids, and where one is missing or damaged from the segment itself.
///
/// To be run after ``Recovery``, when every segment of earlier runs is sealed and in a manifest, and
/// before these sources take anything in. Oldest first. One thread.
///
/// A file of ids counts although its segment has been moved away: what was acknowledged stays
/// acknowledged.
package struct IdentityLoad {
    /// What was read.
    package struct Report: Sendable, Equatable {
        /// Ids within the window.
        package var ids = 0
        /// Files of ids that were whole.
        package var files = 0
        /// Segments that were read since their file of ids was missing or damaged, and their bytes.
        package var segments = 0
        package var segmentBytes = 0
        /// What could be read neither way, and why: its ids are not known, or not all of them.
        package var unreadable: [String: String] = [:]
        /// Whether it was asked to stop before it was done.
        package var isStopped = false

        package init() {}
    }

    let fileSystem: any FileSystem
    /// Numbers of sources by name.
    let sources: [String: Int]
    /// The window's beginning, seconds since 1970 UTC.
    let since: UInt32
    let shouldStop: @Sendable () -> Bool

    /// - `sources`: those with `dedup` on.
    /// - `since`: the window's beginning, seconds since 1970 UTC.
    /// - `shouldStop`: asked between files.
    package init(
        fileSystem: any FileSystem,
        sources: [String: Int],
        since: UInt32,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.fileSystem = fileSystem
        self.sources = sources
        self.since = since
        self.shouldStop = shouldStop
    }

    /// Shows every id with its source's number and its seconds since 1970 UTC.
    ///
    /// Throws only when manifests or the folder of ids cannot be read; what one file does is in the
    /// report.
    package func run(
        onIdentity: (Int, UInt32, PackedIdentity) -> Void,
        progress: (Report) -> Void = { _ in }
    ) throws(FileSystemError) -> Report {
        var report = Report()
        var segments = try segmentsInWindow()
        for name in try IdentitySweep.names(fileSystem) {
            if segments[name] == nil { segments[name] = .some("") }
        }
        let ordered = segments.sorted {
            (IdentitySweep.stamp($0.key), $0.key) < (IdentitySweep.stamp($1.key), $1.key)
        }
        for (name, segment) in ordered {
            if shouldStop() {
                report.isStopped = true
                break
            }
            load(name, segment, &report, onIdentity)
            progress(report)
        }
        return report
    }

    /// Sealed paths of the segments that have events of the window, by the name of their file of
    /// ids.
    private func segmentsInWindow() throws(FileSystemError) -> [String: String] {
        var paths: [String: String] = [:]
        let date = Timestamp.date(Int64(since) * 1_000_000)
        try ManifestReader.each(fileSystem, from: date) { (_, entry) throws(FileSystemError) in
            guard let entry, Layout.isBelow(Layout.events, entry.path),
                entry.sequences.contains(where: { sources[$0.source] != nil }),
                let last = entry.lastReceivedAt.flatMap({ Timestamp.parse($0) }),
                last / 1_000_000 >= Int64(since)
            else { return }
            paths[Layout.split(Layout.identityPath(forSealed: entry.path)).name] = entry.path
        }
        return paths
    }

    /// `segment`: its path, or empty when no manifest of the window names it.
    private func load(
        _ name: String,
        _ segment: String,
        _ report: inout Report,
        _ onIdentity: (Int, UInt32, PackedIdentity) -> Void
    ) {
        let path = Layout.join(Layout.identities, name)
        do throws(FileSystemError) {
            var damage = "there is none"
            if fileSystem.exists(path) {
                let outcome = try IdentityFileReader.read(path, in: fileSystem) {
                    (source, seconds, identity) in
                    guard seconds >= since, let number = sources[source] else { return }
                    report.ids += 1
                    onIdentity(number, seconds, identity)
                }
                if case .whole = outcome {
                    report.files += 1
                    return
                }
                if case .damaged(let why) = outcome { damage = why }
            }
            if segment.isEmpty {
                // Older than the window, or begun and never sealed.
                try fileSystem.remove(path)
            } else if fileSystem.exists(segment) {
                try read(segment, &report, onIdentity)
            } else {
                report.unreadable[segment] = "it is gone, and of its file of ids: \(damage)"
            }
        } catch {
            report.unreadable[segment.isEmpty ? path : segment] = "\(error)"
        }
    }

    /// Reads a segment's lines, and writes the file of ids that it lacks.
    private func read(
        _ segment: String,
        _ report: inout Report,
        _ onIdentity: (Int, UInt32, PackedIdentity) -> Void
    ) throws(FileSystemError) {
        report.segments += 1
        var reader = try SegmentReader(segment, in: fileSystem)
        var rewrite = IdentityRewrite(segment: segment, sources: sources)
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
                rewrite.add(identity, source: source, receivedAt: line.receivedAt, fileSystem)
                let seconds = UInt32(clamping: line.receivedAt / 1_000_000)
                guard !identity.isNone, seconds >= since else { continue }
                report.ids += 1
                onIdentity(source, seconds, identity)
            case .flushPoint:
                continue
            case .end(let end):
                report.segmentBytes += reader.fileBytes
                if end == .complete {
                    rewrite.end(fileSystem)
                } else {
                    report.unreadable[segment] = "it cannot be read to its end"
                }
                return
            }
        }
    }
}

/// A file of ids that is written from its segment.
private struct IdentityRewrite {
    let segment: String
    let names: [String]
    var list = IdentityList()

    init(segment: String, sources: [String: Int]) {
        self.segment = segment
        var names = Array(repeating: "", count: (sources.values.max() ?? -1) + 1)
        // Numbers nobody uses need a name all the same.
        for number in names.indices { names[number] = "-" }
        for (name, number) in sources { names[number] = name }
        self.names = names
    }

    func free() { list.free() }

    mutating func add(
        _ identity: PackedIdentity,
        source: Int,
        receivedAt: Int64,
        _ fileSystem: any FileSystem
    ) {
        list.add(identity, source: source, receivedAt: receivedAt)
        if list.count >= IdentityList.takenFrom { write(end: nil, fileSystem) }
    }

    mutating func end(_ fileSystem: any FileSystem) {
        write(end: IdentityEnd(ids: list.ids, lastSeconds: list.lastSeconds), fileSystem)
    }

    private mutating func write(end: IdentityEnd?, _ fileSystem: any FileSystem) {
        if !list.isBegun { try? fileSystem.remove(Layout.identityPath(forSealed: segment)) }
        let part = IdentityPart(
            segment: segment,
            sources: list.isBegun ? nil : names,
            entries: list.take(),
            end: end
        )
        list.isBegun = true
        IdentityFile.append(part, in: fileSystem)
    }
}
