import Dedup
import Disk
import Events
import Filing
import FilingSupport
import Intake
import Platform
import Ring
import Storage

/// A writer's whole way, from the ring to deflated bytes, without sockets, threads and disk.
///
/// Drives the ``FilingStage`` that the daemon's writers drive. A commit's flush comes every
/// ``iterationsPerCommit`` iterations, about as often as at 300,000 events a second by default.
struct WriterPathStage: Stage, ~Copyable {
    static let iterationsPerCommit = 32
    private let payloads: [UnsafeRawBufferPointer]
    private var producer: RingProducer
    private var consumer: RingConsumer
    private var filing: FilingStage
    private var events = 0
    private var done = 0

    init(_ payloads: [UnsafeRawBufferPointer]) throws {
        let ring = try RingBuffer(capacity: 4 << 20)
        let (configuration, partners) = try Self.parts()
        producer = RingProducer(ring, consumer: Parker())
        consumer = RingConsumer(ring)
        filing = FilingStage(configuration, partners)
        self.payloads = payloads
    }

    private static func parts() throws -> (FilingConfiguration, FilingPartners) {
        let segments = try BenchSegments(DiscardingFileSystem())
        let configuration = FilingConfiguration(
            node: BenchSegments.node,
            run: "r",
            writer: 0,
            sources: [FilingConfiguration.Source(name: "s")],
            router: try BenchSegments.routing
        )
        let partners = FilingPartners(
            store: segments.store,
            quota: QuarantineQuota(),
            sequences: SourceSequences(sources: 1),
            window: .least(),
            producers: ProducerBook(sources: 1)
        )
        return (configuration, partners)
    }

    mutating func run(_ iterations: Int) throws -> Int {
        for _ in 0..<iterations {
            fill()
            var turn = FilingStage.Turn(messages: .max, bytes: .max)
            repeat {
                filing.setTime(
                    monotonic: SystemClock.monotonicNanoseconds,
                    wall: EventInputs.receivedAt
                )
            } while try !filing.take(from: &consumer, &turn)
            consumer.release()
            done += 1
            if done % Self.iterationsPerCommit == 0 { try commit() }
        }
        return events + Int(filing.store.compressedBytes)
    }

    private mutating func commit() throws {
        _ = try filing.store.takeBatch()
        for tally in filing.takeTallies().map(\.tally) {
            precondition(tally.accepted == tally.total, "a generated event is one")
            events += tally.accepted
        }
        filing.beginCommit()
        filing.store.forgetHeld(durable: filing.store.lastCommit)
    }

    /// Does a receiver's work for a batch of messages.
    private mutating func fill() {
        for at in 0..<payloads.count {
            let payload = payloads[at]
            let record = IntakeRecord(
                source: 0,
                receivedAt: EventInputs.receivedAt,
                payload: payload
            )
            guard let room = producer.claim(record.byteCount) else {
                preconditionFailure("the ring has room for an iteration")
            }
            record.write(to: room)
        }
        producer.publish()
    }
}
