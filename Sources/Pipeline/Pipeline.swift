import Agents
package import Archive
package import Dedup
package import Disk
import Events
import Filing
package import Intake
import Platform
import Ring
package import Storage
import Synchronization

/// Sources, rings, writers and committers, started together and drained together.
///
/// Only here are threads created: one per source, two per writer. Some kinds of source have more of
/// their own, each with a place of its own in the path. Any thread may call its methods;
/// those that are `async` suspend instead of blocking.
package final class Pipeline: Sendable {
    package let configuration: PipelineConfiguration
    let places: PlaceTable
    let writers: [WriterShared]
    /// A virtual writer for the open segments of earlier runs; its index follows the real writers'.
    let leftovers: WriterShared
    /// By place, then writer.
    let rings: [[RingBuffer]]
    let storage: StorageState
    private let fileSystem: any FileSystem
    let reserve: DiskReserve
    /// The window of known ids, for sources that deduplicate.
    package let window: IdentityWindow
    /// By source: where it listens and connects.
    package let endpoints: [[String]]
    private let sourceRunners: [AgentRunner]
    private let helpers: [(helper: any IntakeHelper, runner: AgentRunner)]
    /// The runners of writers and committers.
    private let writerRunners: [AgentRunner]
    private let space: SpaceWatch
    /// How much is in quarantine, and whether it accepts more.
    package let quarantine: QuarantineQuota
    private let hurried = Atomic<Bool>(false)
    private let notify: @Sendable (PipelineNotice) -> Void

    /// Opens every source, and connects all parts; ``start()`` starts them.
    ///
    /// Throws when a source cannot be opened.
    ///
    /// - `openSources`: opens the configuration's sources, each at its places.
    /// - `notify`: called from the path's threads; must not block.
    package init(
        _ configuration: PipelineConfiguration,
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        openSources: SourceFactory,
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) throws(PipelineError) {
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.notify = notify
        reserve = DiskReserve(fileSystem: fileSystem)
        // Without room for the reserve, the first error of a full disk blocks intake at once.
        try? reserve.hold()
        quarantine = configuration.tunables.quarantineQuota
        guard let window = IdentityWindow(configuration.identities) else {
            throw PipelineError("no address space for dedup.maxMemory")
        }
        self.window = window
        let wiring = try Wiring(configuration)
        rings = wiring.intake
        places = wiring.places
        let storage = StorageState(places: wiring.places.shared) { notify(.storage($0)) }
        self.storage = storage
        space = SpaceWatch(fileSystem, storage, minimum: configuration.tunables.freeBytesMin)
        writers = (0..<configuration.writers).map { _ in WriterShared() }
        leftovers = WriterShared()
        let opened = try Self.open(openSources, wiring: wiring, writers: writers)
        endpoints = opened.sources.map(\.endpoints)
        sourceRunners = Self.sourceRunners(
            for: opened,
            configuration: configuration,
            wiring: wiring,
            notify: notify
        )
        helpers = opened.helpers.map { helper in
            (helper, AgentRunner(helper.name) { HelperAgent(helper, notify: notify) })
        }
        let shop = Workshop(
            configuration: configuration,
            wiring: wiring,
            writers: writers,
            peers: writers + [leftovers],
            sequences: SourceSequences(sources: configuration.sources.count),
            window: window,
            storage: storage,
            data: DataFolder(
                fileSystem: fileSystem,
                folders: folders,
                manifest: manifest,
                reserve: reserve,
                space: space,
                quota: quarantine
            ),
            notify: notify
        )
        writerRunners = writers.indices.flatMap(shop.runners)
    }

    /// Starts all threads; call once, before any other method.
    package func start() {
        for (_, runner) in helpers { runner.start() }
        for runner in sourceRunners { runner.start() }
        for runner in writerRunners { runner.start() }
    }

    /// The rings between all stages.
    private struct Wiring {
        /// By place, then writer.
        var intake: [[RingBuffer]] = []
        var answers: [[RingBuffer]] = []
        var places = PlaceTable()

        let producers: ProducerBook

        init(_ configuration: PipelineConfiguration) throws(PipelineError) {
            producers = ProducerBook(sources: configuration.sources.count)
            producers.set(configuration.tunables.producerLimits)
            do {
                for (index, source) in configuration.sources.enumerated() {
                    var shared = [try SourceShared(index: index, producers: producers)]
                    while shared.count < source.places {
                        shared.append(try SourceShared(beside: shared[0]))
                    }
                    places.add(shared)
                    if source.deduplicates { places.ask(.loading, of: index) }
                    for _ in shared { try addRings(of: source, configuration) }
                }
            } catch {
                throw PipelineError("\(error)")
            }
        }

        /// Adds the rings of one place of a source.
        private mutating func addRings(
            of source: SourceProfile,
            _ configuration: PipelineConfiguration
        ) throws {
            let answerBytes = source.isAnswered ? 1 << 20 : 4 << 10
            let writers = 0..<configuration.writers
            intake.append(
                try writers.map { _ in try RingBuffer(capacity: configuration.ringBytes) }
            )
            answers.append(try writers.map { _ in try RingBuffer(capacity: answerBytes) })
        }
    }

    /// The parts that the threads of all writers share.
    private struct Workshop {
        var configuration: PipelineConfiguration
        var wiring: Wiring
        var writers: [WriterShared]
        /// All writers, then the virtual writer of segments that earlier runs left open.
        var peers: [WriterShared]
        var sequences: SourceSequences
        var window: IdentityWindow
        var storage: StorageState
        var data: DataFolder
        var notify: @Sendable (PipelineNotice) -> Void

        func committer(_ index: Int) -> Committer {
            let shared = writers[index]
            let heartbeat = shared.committerHeartbeat
            let room = data.room(
                for: .committer(index),
                storage: storage,
                heartbeat: heartbeat,
                shared: shared
            )
            return Committer(
                writer: index,
                shared: shared,
                producers: wiring.producers,
                storage: storage,
                segments: data.committer(
                    waitForRoom: { room.wait($0) },
                    onProgress: { heartbeat.beat() }
                ),
                room: room,
                places: wiring.places.shared,
                peers: peers,
                fileSystem: data.fileSystem,
                answers: wiring.answers.map { $0[index] },
                notify: notify
            )
        }

        func writer(_ index: Int) -> Writer {
            Writer(
                Writer.Parts(
                    index: index,
                    configuration: configuration,
                    rings: wiring.intake.map { $0[index] },
                    places: wiring.places,
                    sequences: sequences,
                    shared: writers[index],
                    peers: peers,
                    window: window,
                    storage: storage,
                    data: data,
                    notify: notify
                )
            )
        }

        /// The threads of a writer, not started.
        func runners(_ index: Int) -> [AgentRunner] {
            let shared = writers[index]
            return [
                AgentRunner("committer-\(index)", heartbeat: shared.committerHeartbeat) {
                    committer(index)
                },
                AgentRunner("writer-\(index)", heartbeat: shared.heartbeat) { writer(index) },
            ]
        }
    }

    private static func open(
        _ openSources: SourceFactory,
        wiring: Wiring,
        writers: [WriterShared]
    ) throws(PipelineError) -> OpenSources {
        let places = wiring.places.sources.map { source in
            wiring.places.numbers(of: source).map { number in
                SourcePlace(
                    index: source,
                    rings: wiring.intake[number],
                    parkers: writers.map(\.parker),
                    answers: wiring.answers[number],
                    shared: wiring.places.shared[number]
                )
            }
        }
        do throws(IntakeError) {
            let opened = try openSources(places)
            precondition(opened.sources.count == places.count, "all sources were opened")
            return opened
        } catch {
            throw PipelineError("\(error)")
        }
    }

    private static func sourceRunners(
        for opened: OpenSources,
        configuration: PipelineConfiguration,
        wiring: Wiring,
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) -> [AgentRunner] {
        opened.sources.enumerated().map { index, source in
            let (name, places) = (configuration.sources[index].name, wiring.places[index])
            return AgentRunner("receiver-\(index)") {
                SourceAgent(source, name: name, places: Array(places), notify: notify)
            }
        }
    }
}

/// Why a pipeline could not be started, as a sentence that names the source and the endpoint.
package struct PipelineError: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Pipeline {
    /// The producers of all sources.
    package var producers: ProducerBook { places.producers }

    /// Makes a drain under way commit what is pending and end at once; ``drain(deadline:)`` then
    /// returns false.
    package func hurry() {
        hurried.store(true, ordering: .releasing)
        for writer in writers { writer.askToLeave() }
    }

    package var isHurried: Bool { hurried.load(ordering: .acquiring) }

    /// Joins the writers' and committers' threads, which have been told to end.
    func joinWriters() {
        for runner in writerRunners { runner.join() }
    }

    /// Joins the sources' threads, which have been told to end, then ends their helpers.
    func joinSources() {
        for runner in sourceRunners { runner.join() }
        for (helper, runner) in helpers {
            helper.finish()
            runner.join()
        }
    }

    /// The progress of every thread, for a watchdog: each number grows at least once a second.
    ///
    /// A writer that has ended counts as in progress while others still drain: the clock replaces
    /// its count.
    package var beats: [Int] {
        let time = Int(SystemClock.monotonicNanoseconds)
        return sourceRunners.map(\.heartbeat.beats)
            + writers.flatMap { writer in
                writer.hasEnded
                    ? [time, time] : [writer.heartbeat.beats, writer.committerHeartbeat.beats]
            }
    }

    /// Stops intake while the disk has less room than configured; call about once a second.
    package func watchSpace() {
        if let space = space.look() { refillReserve(space, self.space.freeBytesMin) }
    }

    /// Allocates the reserve again once there is room for it, and lets intake resume.
    private func refillReserve(_ space: DiskSpace, _ minimum: UInt64) {
        let isInUse = storage.usesReserve.load(ordering: .acquiring)
        guard space.availableBytes >= minimum + UInt64(reserve.byteCount(space)) else { return }
        guard (try? reserve.hold()) != nil else { return }
        if isInUse { storage.unblock(.reserve) }
    }

    /// Applies the settings that can change during a run.
    package func tune(_ tunables: PipelineConfiguration.Tunables) {
        space.setMinimum(tunables.freeBytesMin)
        quarantine.setLimit(tunables.quarantineBytesMax)
        quarantine.shares.set(percent: tunables.quarantineShare)
        producers.set(tunables.producerLimits)
        for writer in writers { writer.ask(.tune(tunables)) }
    }
}
