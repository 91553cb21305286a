package import Disk
package import Filing
package import Intake
package import Plan
import Ring

/// A filing stage with its own ring, driven message by message: filing without sockets and threads.
///
/// One thread.
package final class FilingRig {
    package private(set) var stage: FilingStage
    private var producer: RingProducer
    private var consumer: RingConsumer
    private let sourceCount: Int
    package let planFigures: PlanFigures
    package let drift: DriftBook
    private var monotonic: Int64 = 0
    private var wall: Int64 = 0
    /// How often the stage returned in the middle of its work, and was called again.
    package private(set) var returns = 0

    /// - `ringBytes`: more than the messages that are added before a ``take()``.
    package init(
        _ configuration: FilingConfiguration,
        _ partners: FilingPartners,
        ringBytes: Int = 1 << 20
    ) throws {
        let ring = try RingBuffer(capacity: ringBytes)
        producer = RingProducer(ring, consumer: Parker())
        consumer = RingConsumer(ring)
        sourceCount = configuration.sources.count
        (planFigures, drift) = (configuration.planFigures, configuration.drift)
        stage = FilingStage(configuration, partners)
    }

    /// Sets the clock of segments.
    ///
    /// - `monotonic`: nanoseconds.
    /// - `wall`: microseconds since 1970 UTC, from which messages are received.
    package func setTime(monotonic: Int64, wall: Int64) {
        (self.monotonic, self.wall) = (monotonic, wall)
        stage.setTime(monotonic: monotonic, wall: wall)
    }

    /// Checks later messages with a plan; nil for none.
    package func setPlan(_ plan: PlanInForce?) throws(SchemaError) {
        let demands = [SourceDemand](repeating: SourceDemand(), count: sourceCount)
        setWants(try EventWants(plan: plan, demands: demands))
    }

    /// Does what a writer does with each commit, without files.
    package func commit() { stage.beginCommit() }

    /// Looks for other things in later messages; nil for nothing.
    package func setWants(_ wants: EventWants?) {
        stage.beginCommit(wants: WantsChange(to: wants))
    }

    /// Puts a message into the ring.
    package func add(
        _ payload: UnsafeRawBufferPointer,
        source: Int = 0,
        isAnswered: Bool = false,
        note: [UInt8] = []
    ) {
        note.withUnsafeBytes { note in
            add(payload, source: source, isAnswered: isAnswered, note: note)
        }
    }

    private func add(
        _ payload: UnsafeRawBufferPointer,
        source: Int,
        isAnswered: Bool,
        note: UnsafeRawBufferPointer
    ) {
        var record = IntakeRecord(
            source: source,
            isAnswered: isAnswered,
            receivedAt: wall,
            payload: payload
        )
        record.note = note
        guard let room = producer.claim(record.byteCount) else {
            preconditionFailure("the rig's ring is full")
        }
        record.write(to: room)
        producer.publish()
    }

    package func add(
        _ payload: [UInt8],
        source: Int = 0,
        isAnswered: Bool = false,
        note: [UInt8] = []
    ) {
        payload.withUnsafeBytes { add($0, source: source, isAnswered: isAnswered, note: note) }
    }

    /// Files the messages of the ring.
    package func take() throws(FileSystemError) {
        var turn = FilingStage.Turn(messages: .max, bytes: .max)
        while try !stage.take(from: &consumer, &turn) {
            returns += 1
            stage.setTime(monotonic: monotonic, wall: wall)
        }
        consumer.release()
    }

    /// The answers that are ready.
    package func takeAnswers() -> [Answer] {
        FiledAnswer.read(stage.takeAnswers().ready).map(\.answer)
    }

    /// The counts of a producer since the last call, which forgets those of all others.
    package func takeTally(of producer: Int) -> CommitTally {
        stage.takeTallies().first { $0.producer == producer }?.tally ?? CommitTally()
    }

    package func takeWanted() -> AnswersWanted { stage.takeWanted() }

    /// Files one message.
    package func put(
        _ payload: [UInt8],
        source: Int = 0,
        isAnswered: Bool = false
    ) throws(FileSystemError) {
        add(payload, source: source, isAnswered: isAnswered)
        try take()
    }
}
