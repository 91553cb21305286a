import CPlatform
package import Dedup
import Events
import Filing
import Glibc
import Intake
import Ring
package import Segments
import Synchronization
import ZeroMQ

/// Receivers, rings, writers and committers, started together and drained together.
///
/// The only place with threads: one a source, two a writer. Any thread may call its methods; those
/// that are `async` suspend, they never block.
package final class Pipeline: Sendable {
    package let configuration: PipelineConfiguration
    let receivers: [ReceiverShared]
    let writers: [WriterShared]
    /// Stands for a writer of what earlier runs left open; behind the others, where numbers count.
    let leftovers: WriterShared
    let rings: [RingBuffer]
    let storage: StorageState
    let fileSystem: any FileSystem
    let reserve: DiskReserve
    /// The ids of sources that deduplicate.
    package let window: IdentityWindow
    /// By source: where it listens and connects.
    package let endpoints: [[String]]
    private let receiverBeats: [Heartbeat]
    private let threads: Mutex<[WorkerThread]>
    private let receiverThreads: Mutex<[WorkerThread]>
    private let gate: GateBox
    private let space: SpaceWatch
    /// What lies in quarantine, and whether it takes more.
    package let quarantine: QuarantineQuota
    let hurried = Atomic<Bool>(false)
    let notify: @Sendable (PipelineNotice) -> Void

    /// Binds every source and starts working.
    ///
    /// What cannot be bound is thrown, and nothing was started.
    ///
    /// `notify`: called from the path's threads; must not block.
    package init(
        _ configuration: PipelineConfiguration,
        fileSystem: any FileSystem,
        folders: DurableFolders,
        manifest: ManifestLog,
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) throws(PipelineError) {
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.notify = notify
        reserve = DiskReserve(fileSystem: fileSystem)
        // Without room for it, the first error of a full disk is waited for at once.
        try? reserve.hold()
        quarantine = QuarantineQuota(limit: configuration.tunables.quarantineBytesMax)
        let sources = configuration.sources.count
        guard let window = IdentityWindow(configuration.identities) else {
            throw PipelineError("no address space for dedup.maxMemory")
        }
        self.window = window
        let wiring = try Wiring(configuration)
        rings = wiring.intake.flatMap(\.self)
        receivers = wiring.receivers
        let storage = StorageState(receivers: wiring.receivers) { notify(.storage($0)) }
        self.storage = storage
        space = SpaceWatch(fileSystem, storage, minimum: configuration.tunables.freeBytesMin)
        writers = (0..<configuration.writers).map { _ in WriterShared(sources: sources) }
        leftovers = WriterShared(sources: sources)
        let started = try Self.startReceivers(configuration, wiring, writers, notify)
        endpoints = started.endpoints
        receiverBeats = started.beats
        receiverThreads = Mutex(started.threads)
        gate = started.gate
        threads = Mutex(
            Self.startWriters(
                Workshop(
                    configuration: configuration,
                    wiring: wiring,
                    writers: writers,
                    peers: writers + [leftovers],
                    sequences: SourceSequences(sources: sources),
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
            )
        )
    }

    /// The rings between all stages.
    private struct Wiring {
        /// By source, then writer.
        var intake: [[RingBuffer]] = []
        var answers: [[RingBuffer]] = []
        var receivers: [ReceiverShared] = []

        init(_ configuration: PipelineConfiguration) throws(PipelineError) {
            do {
                for source in configuration.sources {
                    let answerBytes = source.pattern == .router ? 1 << 20 : 4 << 10
                    let receiver = try ReceiverShared()
                    if source.deduplicates { receiver.ask(.loading) }
                    receivers.append(receiver)
                    var intake: [RingBuffer] = []
                    var answers: [RingBuffer] = []
                    for _ in 0..<configuration.writers {
                        intake.append(try RingBuffer(capacity: configuration.ringBytes))
                        answers.append(try RingBuffer(capacity: answerBytes))
                    }
                    self.intake.append(intake)
                    self.answers.append(answers)
                }
            } catch {
                throw PipelineError("\(error)")
            }
        }
    }

    /// What the threads of all writers share.
    private struct Workshop {
        var configuration: PipelineConfiguration
        var wiring: Wiring
        var writers: [WriterShared]
        /// All writers, and what stands for one of what earlier runs left open.
        var peers: [WriterShared]
        var sequences: SourceSequences
        var window: IdentityWindow
        var storage: StorageState
        var data: DataFolder
        var notify: @Sendable (PipelineNotice) -> Void

        func committer(_ index: Int) -> Committer {
            let shared = writers[index]
            let heartbeat = shared.committerHeartbeat
            let room = data.room(.committer(index), storage, heartbeat, shared)
            return Committer(
                writer: index,
                shared: shared,
                storage: storage,
                segments: data.committer(
                    waitForRoom: { room.wait($0) },
                    onProgress: { heartbeat.beat() }
                ),
                room: room,
                receivers: wiring.receivers,
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
                    receivers: wiring.receivers,
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
    }

    private static func startWriters(_ shop: Workshop) -> [WorkerThread] {
        shop.writers.indices.flatMap { index in
            [
                WorkerThread(name: "committer-\(index)") {
                    var committer = shop.committer(index)
                    committer.run()
                },
                WorkerThread(name: "writer-\(index)") {
                    var writer = shop.writer(index)
                    writer.run()
                },
            ]
        }
    }

    private struct StartedReceivers {
        var threads: [WorkerThread] = []
        var beats: [Heartbeat] = []
        var endpoints: [[String]] = []
        var gate: GateBox
    }

    /// Binds all sources before any starts, so that a taken port leaves nothing half open.
    private static func startReceivers(
        _ configuration: PipelineConfiguration,
        _ wiring: Wiring,
        _ writers: [WriterShared],
        _ notify: @escaping @Sendable (PipelineNotice) -> Void
    ) throws(PipelineError) -> StartedReceivers {
        var boxes: [ReceiverBox] = []
        let gate: GateBox
        do {
            // A source has a socket, its monitor and the monitor's other end.
            let sockets = max(Context.socketsMaxDefault, configuration.sources.count * 3 + 64)
            let context = try Context(ioThreads: 1, socketsMax: sockets)
            gate = try GateBox(in: context)
            for (index, source) in configuration.sources.enumerated() {
                boxes.append(
                    ReceiverBox(
                        try Receiver(
                            index: index,
                            source,
                            in: context,
                            rings: wiring.intake[index],
                            parkers: writers.map(\.parker),
                            acknowledgements: wiring.answers[index],
                            shared: wiring.receivers[index]
                        ),
                        source.name,
                        wiring.receivers[index]
                    )
                )
            }
        } catch {
            throw PipelineError("\(error)")
        }
        gate.start(notify)
        var started = StartedReceivers(gate: gate)
        for (index, box) in boxes.enumerated() {
            started.endpoints.append(box.endpoints)
            started.beats.append(box.heartbeat)
            started.threads.append(
                WorkerThread(name: "receiver-\(index)") { box.run(notify: notify) }
            )
        }
        return started
    }
}

/// Carries a receiver from the thread that binds it to the thread that works with it.
private final class ReceiverBox: @unchecked Sendable {
    private var receiver: Receiver?
    private let name: String
    private let shared: ReceiverShared
    let heartbeat = Heartbeat()
    let endpoints: [String]

    init(_ receiver: consuming Receiver, _ name: String, _ shared: ReceiverShared) {
        endpoints = receiver.endpoints
        self.receiver = consume receiver
        self.name = name
        self.shared = shared
    }

    /// Works until told to end; the socket is closed by this thread.
    func run(notify: @Sendable (PipelineNotice) -> Void) {
        guard var receiver = receiver.take() else { return }
        do throws(ZeroMQError) {
            while !receiver.isFinished {
                heartbeat.beat()
                if try receiver.doWork() == 0 { try receiver.idle() } else { receiver.gather() }
                for notice in receiver.takeNotices() { notify(.peer(source: name, notice)) }
            }
        } catch {
            notify(.receiverFailed(source: name, reason: "\(error)"))
            shared.intakeEnded.store(true, ordering: .releasing)
            while !shared.requests.contains(.closing) {
                heartbeat.beat()
                pause()
            }
        }
    }

    private func pause() {
        var time = timespec(tv_sec: 0, tv_nsec: 100_000_000)
        nanosleep(&time, nil)
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
    /// Joins the writers' and committers' threads, which have been told to end.
    func joinWriters() {
        for thread in threads.withLock({ $0 }) { thread.join() }
        threads.withLock { $0 = [] }
    }

    func joinReceivers() {
        for thread in receiverThreads.withLock({ $0 }) { thread.join() }
        receiverThreads.withLock { $0 = [] }
        gate.end()
    }

    /// The progress of every thread, for a watchdog: each number grows at least once a second.
    ///
    /// A writer that has ended, while others still drain, holds nothing up: the clock stands in for
    /// it.
    package var beats: [Int] {
        let time = Int(cplatform_monotonic_ns())
        return receiverBeats.map(\.beats)
            + writers.flatMap { writer in
                writer.ended.load(ordering: .acquiring)
                    ? [time, time] : [writer.heartbeat.beats, writer.committerHeartbeat.beats]
            }
    }

    /// Stops intake while the disk has less room than configured; call about once a second.
    package func watchSpace() {
        if let space = space.look() { refillReserve(space, self.space.freeBytesMin) }
    }

    /// Takes the reserve again once there is room for it, and lets intake go on.
    private func refillReserve(_ space: DiskSpace, _ minimum: UInt64) {
        let isInUse = storage.usesReserve.load(ordering: .acquiring)
        guard space.availableBytes >= minimum + UInt64(reserve.byteCount(space)) else { return }
        guard (try? reserve.hold()) != nil else { return }
        if isInUse { storage.unblock(.reserve) }
    }

    /// Applies what can change while running.
    package func tune(_ tunables: PipelineConfiguration.Tunables) {
        space.setMinimum(tunables.freeBytesMin)
        quarantine.setLimit(tunables.quarantineBytesMax)
        for writer in writers { writer.ask(.tune(tunables)) }
    }
}
