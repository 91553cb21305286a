import Archive
import Compression
import Inspection
import SegmentSupport
import Simulation
import TestSupport

/// A sealed segment with many full flushes, as a writer leaves it, and its data folder.
struct RepairSample {
    /// Raw bytes from one full flush to the next.
    static let stretchBytes = 1_024

    var bytes: [UInt8] = []
    var lines: [String] = []
    var checkpoints: [ManifestEntry.Checkpoint] = []
    /// Per stretch: the bytes of the file and the lines.
    var stretches: [(bytes: Range<Int>, lines: Range<Int>)] = []

    /// - `engine`: the configured engine.
    /// - `commitEvery`: lines from one sync flush to the next.
    init(events: Int, engine: Engine = .isal, commitEvery: Int = 5, isFinished: Bool = true) throws
    {
        var encoder = try GzipEncoder(engine: engine, level: 1)
        var raw = 0
        var start = (bytes: 0, lines: 0, raw: 0)
        for number in 1...events {
            let line = Self.line(number)
            lines.append(line)
            raw += line.utf8.count + 1
            let isCommit = number % commitEvery == 0
            let isFull = isCommit && raw - start.raw >= Self.stretchBytes
            bytes += SegmentSample.encode(
                line + "\n",
                flush: isFull ? .full : isCommit ? .sync : .none,
                with: &encoder
            )
            guard isFull else { continue }
            checkpoints.append(
                .init(
                    bytes: bytes.count,
                    crc32: SegmentSurvey.hex(encoder.crc32),
                    rawBytes: raw
                )
            )
            stretches.append((start.bytes..<bytes.count, start.lines..<lines.count))
            start = (bytes.count, lines.count, raw)
        }
        if isFinished { bytes += SegmentSample.encode("", flush: .finish, with: &encoder) }
        stretches.append((start.bytes..<bytes.count, start.lines..<lines.count))
    }

    /// Lines of two sources in turn; other files have every third number of each source.
    static func line(_ number: Int) -> String {
        SegmentSample.line(
            2 + number + number / 2,
            source: number % 2 == 0 ? "even" : "odd"
        )
    }

    /// Creates an open segment, all of it committed.
    static func open(_ lines: [String]) throws -> [UInt8] {
        var encoder = try GzipEncoder(engine: .isal, level: 1)
        return SegmentSample.encode(lines.map { $0 + "\n" }.joined(), flush: .sync, with: &encoder)
    }

    /// Creates a data folder with the segment, sealed, and its manifest line.
    func folder(withEntry: Bool = true, withCheckpoints: Bool = true) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        disk.put(bytes, at: SegmentSample.path)
        guard withEntry else { return disk }
        var entry = try SegmentSurvey.read(SegmentSample.path, in: disk)
            .entry(path: SegmentSample.path, node: "c1", run: "r1", sealedAt: 1_795_341_600_000_000)
        entry.checkpoints = withCheckpoints ? checkpoints : nil
        disk.put(ManifestLine.bytes(entry), at: "manifest/date=2026-11-22/c1.ndjson")
        return disk
    }

    /// Returns the stretches that bytes of the file belong to; the trailer is the last one's.
    func stretches(of range: Range<Int>) -> Set<Int> {
        Set(stretches.indices.filter { stretches[$0].bytes.overlaps(range) })
    }
}

extension Repair {
    /// Repairs a disk with samples.
    static func ofSample(
        _ disk: SimulatedDisk,
        _ path: String = SegmentSample.path,
        isDryRun: Bool = false,
        keepsDoubtful: Bool = false
    ) throws -> (report: RepairReport, lines: [String]) {
        var options = Options()
        options.isDryRun = isDryRun
        options.keepsDoubtful = keepsDoubtful
        options.stretchBytes = RepairSample.stretchBytes
        let report = try Repair(disk, options: options).repair(path)
        let bytes = report.repaired.flatMap { disk.files[$0] }
        return (report, bytes.flatMap(inflatedLines) ?? [])
    }
}
