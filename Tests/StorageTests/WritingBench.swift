import Compression
import Dedup
import Events
import Filing
import FilingSupport
import Foundation
import Glibc
import Intake
import Platform
import SegmentSupport
import Synchronization
import TestSupport
import Testing

@testable import Archive
@testable import Digest
@testable import Disk
@testable import Storage

/// A writer's side of segments on a real disk, with a clock that a test moves.
final class WritingBench {
    /// Sealed files that wait for a batch with their descriptors.
    static let sealsMax = 64

    let folder: TemporaryFolder
    let disk: FaultyDisk
    let store: SegmentStore
    private let rig: FilingRig
    let written = LastSlot()
    let committer: SegmentCommitter
    let folders: DurableFolders
    private var expected = ExpectedLines(node: "c1", sources: ["s", "t"], run: "r1")
    /// 2025-11-22T10:00:00Z.
    private(set) var wall: Int64 = 1_763_805_600_000_000
    private(set) var monotonic: Int64 = 0
    private var sequence: UInt64 = 0
    /// Whether a partition's file is opened with its first event, which fixes each one's content.
    private let opensAtOnce: Bool
    /// The lines put in, by sealed path.
    private(set) var lines: [String: [UInt8]] = [:]

    init(
        openMax: Int = 8,
        segmentBytesMax: Int = 64 << 20,
        engine: Engine = .isal,
        template: String = "channel={channel}/date={date}/hour={hour}",
        waitForRoom: @escaping (FileSystemError) -> Bool = { _ in false },
        opensAtOnce: Bool = true,
        shouldLeave: @escaping () -> Bool = { false },
        onObstacle: @escaping (FileSystemError, String) -> Void = { _, _ in },
        durable: @escaping () -> CommitNumber = { .none }
    ) throws {
        self.opensAtOnce = opensAtOnce
        folder = try TemporaryFolder(prefix: "segments-writing")
        disk = try FaultyDisk(directory: folder.path)
        store = SegmentStore(
            SegmentStore.Configuration(
                node: "c1",
                run: "r1",
                writer: 0,
                sources: ["s", "t"],
                engine: engine,
                level: 1,
                openMax: openMax,
                segmentBytesMax: segmentBytesMax,
                ageMax: .seconds(300),
                idleMax: .seconds(60),
                sealsMax: Self.sealsMax
            ),
            fileSystem: disk,
            waitForRoom: waitForRoom,
            onObstacle: onObstacle,
            durable: durable,
            shouldLeave: shouldLeave
        )
        rig = try Self.rig(store, try PartitionTemplate(template), observer: written)
        folders = DurableFolders(fileSystem: disk)
        committer = SegmentCommitter(
            fileSystem: disk,
            folders: folders,
            manifest: ManifestLog(fileSystem: disk, folders: folders, node: "c1"),
            waitForRoom: { _ in false }
        )
        pass(seconds: 0)
    }

    private static func rig(
        _ store: SegmentStore,
        _ template: PartitionTemplate,
        observer: any EventObserver
    ) throws -> FilingRig {
        let partners = FilingPartners(
            store: store,
            quota: store.configuration.quota,
            sequences: SourceSequences(sources: 2),
            window: .least(),
            producers: ProducerBook(sources: 2)
        )
        partners.observers.add(observer)
        return try FilingRig(
            FilingConfiguration(
                node: "c1",
                run: "r1",
                writer: 0,
                sources: [
                    FilingConfiguration.Source(name: "s"), FilingConfiguration.Source(name: "t"),
                ],
                router: PartitionRouter.Configuration(
                    template: template,
                    time: .received,
                    valuesMax: 1_000,
                    node: "c1",
                    sources: ["s", "t"]
                )
            ),
            partners,
            ringBytes: 16 << 20
        )
    }

    func pass(seconds: Int64) {
        wall += seconds * 1_000_000
        monotonic += seconds * 1_000_000_000
        rig.setTime(monotonic: monotonic, wall: wall)
    }

    /// Files one event as a writer does, with `channel` in front unless it names one, or an invalid
    /// event.
    func put(_ event: String, channel: String = "web") throws {
        var event = event
        if event.hasPrefix("{"), !event.contains(#""channel""#) {
            let rest = event.dropFirst()
            event = #"{"channel":"\#(channel)""# + (rest == "}" ? "" : ",") + rest
        }
        let payload = Array(event.utf8)
        sequence += 1
        let line = expected.line(payload, source: 0, receivedAt: wall, sequence: sequence)
        try rig.put(payload)
        guard let slot = written.slot else { return }
        if opensAtOnce, store.segments[slot] == nil { try store.openWaiting(slot) }
        if let path = store.segments[slot]?.sealedPath {
            lines[path, default: []] += line.bytes + [0x0A]
        }
    }

    func sealDue() throws { try rig.stage.sealDue() }

    @discardableResult func commit() throws -> [SealedFile] {
        let sealed = try committer.commit(try store.takeBatch())
        store.forgetHeld(durable: store.lastCommit)
        return sealed
    }

    func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + path)))
    }

    /// Returns the manifest's entries of all days.
    func manifest() throws -> [ManifestEntry] {
        var entries: [ManifestEntry] = []
        for day in try disk.list(SegmentFormat.manifest) {
            let text = try bytes("\(SegmentFormat.manifest)/\(day.name)/c1.ndjson")
            for line in text.split(separator: 0x0A) {
                entries.append(try JSONDecoder().decode(ManifestEntry.self, from: Data(line)))
            }
        }
        return entries
    }

    /// Returns every file below the data folder, by path.
    func files() throws -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        return found.compactMap { $0 as? String }.filter { $0.contains("ndjson") }.sorted()
    }

    /// Checks that every sealed file, read by zcat, holds exactly the lines put in, and that its
    /// manifest line is correct; returns the number of sealed files.
    @discardableResult func checkSealed() throws -> Int {
        let entries = try manifest()
        let sealed = try files().filter { $0.hasPrefix("events/") && !$0.contains("/.") }
        #expect(entries.map(\.path).sorted() == sealed)
        for entry in entries {
            let bytes = try bytes(entry.path)
            let zcat = try runProgram("/usr/bin/zcat", [folder.path + "/" + entry.path])
            #expect(zcat.exitCode == 0 && zcat.standardOutput == lines[entry.path])
            let raw = zcat.standardOutput
            #expect(entry.events == raw.split(separator: 0x0A).count)
            #expect(entry.rawBytes == raw.count && entry.compressedBytes == bytes.count)
            #expect(entry.crc32 == Hex.text(raw.withUnsafeBytes { crc32($0) }))
            let sum = try runProgram("/usr/bin/sha256sum", [folder.path + "/" + entry.path])
            #expect(String(decoding: sum.standardOutput.prefix(64), as: UTF8.self) == entry.sha256)
        }
        return sealed.count
    }
}

/// Records the slot of the last event.
final class LastSlot: EventObserver {
    private let last = Mutex<Int?>(nil)

    var slot: Int? { last.withLock { $0 } }

    func observe(_ burst: borrowing EventBurst) {
        let slot = burst.slot(at: burst.count - 1)
        last.withLock { $0 = slot }
    }
}

extension SegmentCommitter {
    /// Commits a batch that is passed only once.
    func commit(_ batch: CommitBatch) throws(FileSystemError) -> [SealedFile] {
        var batch = batch
        return try commit(&batch)
    }
}
