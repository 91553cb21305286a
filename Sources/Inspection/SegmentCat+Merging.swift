import Archive
import Disk
import Events

/// Merges lines by sequence number, source by source, run by run.
extension SegmentCat {
    private struct Start {
        var path: String
        var first: UInt64
    }

    /// A file is opened at its first number, so only overlapping files are open.
    mutating func inSequenceOrder(
        _ paths: [String],
        _ index: SegmentIndex
    ) throws(FileSystemError) {
        let runs = starts(of: paths, index)
        for run in runs.keys.sorted(by: { ($0.source, $0.run) < ($1.source, $1.run) }) {
            guard let files = runs[run] else { continue }
            guard try merge(files.sorted { ($0.first, $0.path) < ($1.first, $1.path) }, run) else {
                return
            }
        }
    }

    /// Writes the lines of one source and run; returns false if the reader wants no more.
    private mutating func merge(
        _ files: [Start],
        _ run: RunIndex.Run
    ) throws(FileSystemError) -> Bool {
        var waiting = files[...]
        var open: [SegmentCursor] = []
        while true {
            let lowest = Self.lowest(of: open)
            if let next = waiting.first, lowest.map({ next.first < open[$0].sequence }) ?? true {
                waiting = waiting.dropFirst()
                if open.count >= options.openMax { try gather(&open, run) }
                if let cursor = self.open(next.path, run: run), advance(cursor) {
                    open.append(cursor)
                }
                continue
            }
            guard let lowest else { return true }
            guard try emit(open[lowest]) else { return false }
            if !advance(open[lowest]) { open.remove(at: lowest) }
        }
    }

    private static func lowest(of cursors: [SegmentCursor]) -> Int? {
        var lowest: Int?
        for index in cursors.indices
        where lowest.map({ cursors[index].sequence < cursors[$0].sequence }) ?? true {
            lowest = index
        }
        return lowest
    }

    /// Merges the rest of many files into one, to keep within the maximum of open files.
    ///
    /// Merged files are not merged again until they are half of all: so each line is written only a
    /// few times, however many files there are.
    private mutating func gather(
        _ open: inout [SegmentCursor],
        _ run: RunIndex.Run
    ) throws(FileSystemError) {
        let scratchCount = open.count { $0.isScratch }
        let takesAll = scratchCount * 2 >= open.count
        var gathered = open.filter { takesAll || !$0.isScratch }
        open.removeAll { takesAll || !$0.isScratch }
        let path = "\(options.scratch)-\(scratchFiles)\(SegmentFormat.sealedSuffix)"
        scratchFiles += 1
        let file = try LineFile(path, level: 1, in: fileSystem)
        // An open file has no name: it vanishes with the program, even after a crash.
        let reading = Result { () throws(FileSystemError) in
            while let lowest = Self.lowest(of: gathered) {
                try gathered[lowest].withLine { (line) throws(FileSystemError) in
                    try file.write(line)
                }
                if !advance(gathered[lowest]) { gathered.remove(at: lowest) }
            }
            try file.finish(durably: false)
            return try SegmentCursor(
                path,
                in: fileSystem,
                filter: filter,
                run: run,
                isScratch: true
            )
        }
        try fileSystem.remove(path)
        let cursor = try reading.get()
        if advance(cursor) { open.append(cursor) }
    }

    /// Returns the files of each source and run, with their first numbers: by the manifest, or by
    /// reading them.
    private mutating func starts(
        of paths: [String],
        _ index: SegmentIndex
    ) -> [RunIndex.Run: [Start]] {
        var starts: [RunIndex.Run: [Start]] = [:]
        for path in paths {
            for part in index.parts(of: path) ?? read(path)
            where filter.source.map({ $0 == part.run.source }) ?? true {
                starts[part.run, default: []].append(Start(path: path, first: part.first))
            }
        }
        return starts
    }

    private mutating func read(_ path: String) -> [SegmentIndex.Part] {
        var tally = SegmentTally()
        do throws(FileSystemError) {
            let isThere = !Layout.isOpen(name: DiskPath.split(path).name) || fileSystem.exists(path)
            let found = isThere ? path : Layout.sealedPath(forOpen: path) ?? path
            try SegmentReader.eachReadable(of: found, in: fileSystem) { line, _ in tally.add(line) }
        } catch {
            summary.unreadable[path] = "\(error)"
        }
        return tally.sequences.map {
            SegmentIndex.Part(run: .init(source: $0.source, run: $0.run), first: $0.first)
        }
    }
}
