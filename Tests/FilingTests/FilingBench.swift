import Archive
import Compression
import Dedup
import Disk
import Events
import Filing
import FilingSupport
import Foundation
import Intake
import Storage
import TestSupport
import Testing

/// A filing stage on its own folder, whose lines a test reads back.
final class FilingBench {
    let folder: TemporaryFolder
    let store: SegmentStore
    let rig: FilingRig
    let quota = QuarantineQuota()
    let observers = Observers()
    private let committer: SegmentCommitter
    private(set) var wall: Int64 = 1_763_805_600_000_000

    /// A source without dedup, `plain`, and one with it, `once`; partitions by channel.
    init(
        judge: (any EventJudge)? = nil,
        gate: (any RequestGate)? = nil,
        template: String = "channel={channel}"
    ) throws {
        folder = try TemporaryFolder(prefix: "filing")
        let disk = try PosixFileSystem(directory: folder.path)
        let sources = ["plain", "once"]
        var configuration = SegmentStore.Configuration(
            node: "c1",
            run: "r1",
            writer: 0,
            sources: sources,
            engine: .zlib,
            level: 1
        )
        configuration.deduplicated = [1]
        configuration.quota = quota
        store = SegmentStore(configuration, fileSystem: disk, waitForRoom: { _ in false })
        let folders = DurableFolders(fileSystem: disk)
        committer = SegmentCommitter(
            fileSystem: disk,
            folders: folders,
            manifest: ManifestLog(fileSystem: disk, folders: folders, node: "c1"),
            waitForRoom: { _ in false }
        )
        var partners = FilingPartners(
            store: store,
            quota: quota,
            sequences: SourceSequences(sources: 2),
            window: .least(),
            producers: ProducerBook(sources: 2)
        )
        (partners.judge, partners.observers) = (judge, observers)
        rig = try FilingRig(
            FilingConfiguration(
                node: "c1",
                run: "r1",
                writer: 0,
                sources: sources.map {
                    FilingConfiguration.Source(
                        name: $0,
                        channel: "web",
                        deduplicates: $0 == "once",
                        gate: gate
                    )
                },
                router: PartitionRouter.Configuration(
                    template: try PartitionTemplate(template),
                    time: .received,
                    valuesMax: 1_000,
                    node: "c1",
                    sources: sources
                )
            ),
            partners,
            ringBytes: 16 << 20
        )
        rig.setTime(monotonic: 0, wall: wall)
    }

    func put(_ payload: String, source: Int = 0, isAnswered: Bool = false) throws {
        try rig.put(Array(payload.utf8), source: source, isAnswered: isAnswered)
    }

    /// Puts messages into the ring, which are then read together if possible.
    func putTogether(_ payloads: [String], source: Int = 0, isAnswered: Bool = false) throws {
        for payload in payloads {
            rig.add(Array(payload.utf8), source: source, isAnswered: isAnswered)
        }
        try rig.take()
    }

    /// Puts a message with a note, which is answered.
    func put(_ payload: [UInt8], note: [UInt8], source: Int = 0) throws {
        rig.add(payload, source: source, isAnswered: true, note: note)
        try rig.take()
    }

    /// Commits and seals everything; returns the lines of all files below `events/` or
    /// `quarantine/`, in the order of their paths.
    func lines(_ root: String = "events") throws -> [String] {
        _ = try store.seal(prefix: "")
        var batch = try store.takeBatch()
        _ = try committer.commit(&batch)
        let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        let paths = found.compactMap { $0 as? String }.filter {
            $0.hasPrefix(root) && $0.hasSuffix(".gz")
        }
        return try paths.sorted().flatMap { path in
            let zcat = try runProgram("/usr/bin/zcat", [folder.path + "/" + path])
            #expect(zcat.exitCode == 0)
            return String(decoding: zcat.standardOutput, as: UTF8.self).split(separator: "\n")
        }.map(String.init)
    }

    /// The folders of sealed files below `events/`, in order.
    func folders() throws -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        let paths = found.compactMap { $0 as? String }.filter {
            $0.hasPrefix("events/") && $0.hasSuffix(".gz")
        }
        return Set(
            paths.map { $0.split(separator: "/").dropFirst().dropLast().joined(separator: "/") }
        )
        .sorted()
    }

    /// The events' own members of each line, without the collector's.
    func events() throws -> [String] {
        try lines().map { line in
            let end = try #require(line.range(of: "}"))
            return "{" + line[end.upperBound...].drop { $0 == "," }
        }
    }

    /// The answers that are ready, in order.
    func answers() -> [Answer] { rig.takeAnswers() }
}
