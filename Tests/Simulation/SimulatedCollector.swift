import Archive
import Compression
import Dedup
import Disk
import Events
import Filing
import FilingSupport
import Platform
import Recovery
import TestSupport

/// A daemon's write path and recovery over a simulated disk, one random step at a time.
final class SimulatedCollector {
    let disk: SimulatedDisk
    private let writers: [SimulatedWriter]
    private let folders: DurableFolders
    private let manifest: ManifestLog
    private let run: String
    private var history = ManifestHistory()
    private(set) var wall: Int64
    private var monotonic: Int64 = 1_000_000_000
    private var random: SeededGenerator
    private var sequences: [UInt64] = [0, 0]
    /// Of no use to sources without `dedup`; one for all lives, since it reserves addresses.
    private static let window = IdentityWindow.least()
    /// Set by an error that a writer has waited for in vain: the process does nothing more.
    private(set) var failure: FileSystemError?

    /// - `startedAt`: microseconds since 1970; later than in every run before.
    init(
        _ disk: SimulatedDisk,
        ledger: EventLedger,
        startedAt: Int64,
        seed: UInt64,
        weakening: Weakening?
    ) {
        self.disk = disk
        wall = startedAt
        random = SeededGenerator(seed: seed)
        let folders = DurableFolders(fileSystem: disk)
        let manifest = ManifestLog(fileSystem: disk, folders: folders, node: SimulatedWriter.node)
        (self.folders, self.manifest) = (folders, manifest)
        run = Timestamp.compact(startedAt) + "-0001"
        let process = SimulatedWriter.Process(
            disk: disk,
            folders: folders,
            manifest: manifest,
            ledger: ledger,
            run: run,
            engine: Bool.random(using: &random) ? .isal : .zlib,
            weakening: weakening,
            sequences: SourceSequences(sources: SimulatedWriter.sources.count),
            window: Self.window
        )
        let template = try? PartitionTemplate(
            Bool.random(using: &random)
                ? "channel={channel}/date={date}/hour={hour}" : "channel={channel}"
        )
        guard let template else { preconditionFailure("the templates are right") }
        let shape = SimulatedWriter.Shape(
            template: template,
            openMax: Int.random(in: 1...3, using: &random),
            bytesMax: Int.random(in: 300...2_500, using: &random),
            sealsMax: Int.random(in: 0...3, using: &random)
        )
        do {
            writers = try (0..<Int.random(in: 1...2, using: &random)).map {
                try SimulatedWriter(process, writer: $0, shape)
            }
        } catch {
            preconditionFailure("no memory for a ring: \(error)")
        }
        pass(micros: 0)
    }

    private func pass(micros: Int64) {
        wall += micros
        monotonic += micros * 1_000
        for writer in writers { writer.setTime(monotonic: monotonic, wall: wall) }
    }

    /// Performs one step of one writer.
    ///
    /// Does nothing after an error.
    func step() {
        guard failure == nil, let writer = writers.randomElement(using: &random) else { return }
        do throws(FileSystemError) {
            try step(writer)
        } catch {
            failure = error
        }
    }

    private func step(_ writer: SimulatedWriter) throws(FileSystemError) {
        pass(micros: .random(in: 1...200_000, using: &random))
        switch Int.random(in: 0..<16, using: &random) {
        case 0..<8:
            for _ in 0..<Int.random(in: 1...3, using: &random) { try put(writer) }
        case 8..<13: try writer.commitStep()
        case 13:
            let jumps: [Int64] = [61, 301, 3_600, 86_400]
            pass(micros: (jumps.randomElement(using: &random) ?? 61) * 1_000_000)
            try writer.sealDue()
        case 14: try writer.seal(prefix: "")
        default: try writer.seal(prefix: "\(SegmentFormat.events)/channel=web")
        }
    }

    private func put(_ writer: SimulatedWriter) throws(FileSystemError) {
        let source = Int.random(in: 0...1, using: &random)
        sequences[source] += 1
        try writer.put(payload(), source: source, sequence: sequences[source])
    }

    private func payload() -> [UInt8] {
        let kind = Int.random(in: 0..<20, using: &random)
        if kind == 0 { return Array("not json \(random.next())".utf8) }
        if kind == 1 { return Array("[\(random.next())]".utf8) }
        let channel = SimulatedWriter.channels.randomElement(using: &random) ?? "web"
        var text = #"{"channel":"\#(channel)","type":"track","user":"u\#(random.next() % 1000)""#
        if kind < 4 {
            text += #","note":""#
            for _ in 0..<Int.random(in: 20...160, using: &random) {
                text += String(random.next(), radix: 36)
            }
            text += "\""
        }
        return Array((text + "}").utf8)
    }

    /// Performs a start up to the intake; returns what earlier runs left.
    func start(at startedAt: Int64) -> Leftovers? {
        do throws(FileSystemError) {
            _ = try FolderRecovery.mendManifests(disk)
            history = try ManifestHistory(disk, node: SimulatedWriter.node, startedAt: startedAt)
            return try Leftovers(disk, since: history.firstDay)
        } catch {
            failure = error
            return nil
        }
    }

    /// Recovers during intake: see ``SimulatedDisk/beforeChange``.
    func recover(_ leftovers: Leftovers?, startedAt: Int64) {
        guard failure == nil, let leftovers else { return }
        let recovery = FolderRecovery(
            fileSystem: disk,
            folders: folders,
            manifest: manifest,
            node: SimulatedWriter.node,
            run: run,
            now: { startedAt + 1_000_000 }
        )
        // An error is in its report or thrown: a daemon logs it and continues.
        _ = try? recovery.run(leftovers, history: history)
    }
}
