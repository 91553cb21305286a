import Archive
import Disk
import Events
import Intake
import Recovery
import SegmentSupport
import Synchronization
import TestSupport
import ZeroMQSource

@testable import Pipeline

/// A pipeline with its own folder and its own disk.
final class PipelineRig: Sendable {
    let folder: TemporaryFolder
    let disk: FaultyDisk
    let pipeline: Pipeline
    /// The sources in the test's own process, by place.
    let processes: [ProcessSource]

    /// `change`: changes the configuration: one router and one pull source on ports of the system's
    /// choice, one writer, partitions by channel, a small ring.
    convenience init(_ change: (inout PipelineSetup) -> Void = { _ in }) throws {
        let folder = try TemporaryFolder(prefix: "touchpoint-pipeline")
        let disk = try FaultyDisk(directory: folder.path)
        try self.init(folder: folder, disk: disk, change)
    }

    init(
        folder: TemporaryFolder,
        disk: FaultyDisk,
        run: String = "r1",
        opensIntake: Bool = true,
        _ change: (inout PipelineSetup) -> Void = { _ in }
    ) throws {
        self.folder = folder
        self.disk = disk
        var setup = try PipelineSetup(run: run)
        change(&setup)
        let folders = DurableFolders(fileSystem: disk)
        let manifest = ManifestLog(fileSystem: disk, folders: folders, node: "t1")
        let notices = Notices()
        var processes: [ProcessSource] = []
        pipeline = try Pipeline(
            setup.complete,
            fileSystem: disk,
            folders: folders,
            manifest: manifest,
            openSources: { places throws(IntakeError) in
                var opened = try setup.openSockets(places)
                let own = setup.openProcesses(places)
                processes = own.flatMap(\.self)
                for members in own {
                    opened.sources.append(members.count == 1 ? members[0] : ProcessGroup(members))
                }
                return opened
            },
            notify: { notices.add($0) }
        )
        self.processes = processes
        self.notices = notices
        pipeline.start()
        if opensIntake { pipeline.openIntake() }
    }

    /// Collects the pipeline's notices.
    final class Notices: Sendable {
        private let list = Mutex<[PipelineNotice]>([])
        func add(_ notice: PipelineNotice) { list.withLock { $0.append(notice) } }
        var all: [PipelineNotice] { list.withLock { $0 } }
    }

    let notices: Notices

    static func source(
        _ name: String,
        _ pattern: SourceConfiguration.Pattern
    ) -> SourceConfiguration {
        SourceConfiguration(name: name, pattern: pattern, bind: [ZeroMQEndpoints.anyPort])
    }

    /// The address where a source listens.
    func endpoint(_ source: String) -> String {
        pipeline.source(named: source).map { pipeline.endpoints[$0][0] } ?? ""
    }

    func dealer(_ source: String = "reliable") throws -> PipelineDealer {
        try PipelineDealer(endpoint(source))
    }

    func pusher(_ source: String = "plain") throws -> PipelinePusher {
        try PipelinePusher(endpoint(source))
    }

    func ledger(_ source: String) -> SourceLedger {
        pipeline.snapshot().sources.first { $0.name == source }?.ledger ?? SourceLedger()
    }

    /// Drains within half a minute.
    func drain() async -> Bool {
        await pipeline.drain(deadline: PipelineClock.deadline(seconds: 30))
    }

    func files() throws -> PipelineFiles { try PipelineFiles(disk.real) }

    /// Seals the segments that an abandoned pipeline left, as a start of the daemon does.
    func recover() throws -> RecoveryReport {
        _ = try FolderRecovery.mendManifests(disk.real)
        return try disk.real.recovery(node: "t1", now: { PipelineClock.wallMicroseconds }).run()
    }
}
