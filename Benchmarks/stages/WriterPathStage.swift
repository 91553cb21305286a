import Disk
import Events
import Intake
import Platform
import Ring
import Synchronization

/// The writer's whole way, from the ring to deflated bytes, without sockets and disk.
///
/// A stand-in for `Writer.takeMessages`, which only the pipeline can call: the same calls in the
/// same order, but no counters by channel, no answers, no schedule. The record's header is written
/// as `IntakeRecord` says, since only a receiver may write one. A commit's flush comes every
/// ``iterationsPerCommit`` iterations, about as often as at 300,000 events a second by default.
struct WriterPathStage: Stage, ~Copyable {
    static let iterationsPerCommit = 32
    private let payloads: [UnsafeRawBufferPointer]
    private let headers: [UInt8]
    private var producer: RingProducer
    private var consumer: RingConsumer
    private var reader: PayloadReader
    private let views = EventInputs.burst()
    private var joined = JoinedPayloads()
    private var splicer: EventSplicer
    private var segments: BenchSegments
    private let sequences: Atomic<UInt64>
    private var done = 0

    init(_ payloads: [UnsafeRawBufferPointer]) throws {
        let ring = try RingBuffer(capacity: 4 << 20)
        segments = try BenchSegments(DiscardingFileSystem())
        producer = RingProducer(ring, consumer: Parker())
        consumer = RingConsumer(ring)
        reader = PayloadReader(limits: PayloadLimits())
        splicer = EventSplicer(node: BenchSegments.node, source: "s", run: "r")
        sequences = Atomic(0)
        self.payloads = payloads
        var time = EventInputs.receivedAt
        headers = [UInt8](repeating: 0, count: 8) + withUnsafeBytes(of: &time) { [UInt8]($0) }
        precondition(headers.count == IntakeRecord.headerByteCount, "the record's header changed")
    }

    deinit {
        views.deallocate()
    }

    mutating func run(_ iterations: Int) throws -> Int {
        var events = 0
        for _ in 0..<iterations {
            fill()
            while let bytes = consumer.next() {
                if let ahead = consumer.ahead(bytes.count) {
                    Processor.prefetch(text: ahead)
                }
                events += try gather(IntakeRecord(bytes))
            }
            events += try takeRun()
            consumer.release()
            done += 1
            if done % Self.iterationsPerCommit == 0 {
                _ = try segments.store.takeBatch()
                segments.store.forgetHeld(durable: segments.store.batches)
            }
        }
        return events + Int(segments.store.compressedBytes)
    }

    /// What the receiver does with a batch of messages.
    private mutating func fill() {
        for at in 0..<payloads.count {
            let payload = payloads[at]
            guard let room = producer.claim(headers.count + payload.count) else {
                preconditionFailure("the ring has room for an iteration")
            }
            let record = UnsafeMutableRawBufferPointer(
                start: room,
                count: headers.count + payload.count
            )
            record.copyBytes(from: headers)
            UnsafeMutableRawBufferPointer(rebasing: record[headers.count...])
                .copyMemory(from: payload)
        }
        producer.publish()
    }

    /// What the writer does with a message: those of one event are read together.
    private mutating func gather(_ record: IntakeRecord) throws(FileSystemError) -> Int {
        if joined.add(record.payload) { return 0 }
        var events = try takeRun()
        if joined.add(record.payload) { return events }
        reader.begin(record.payload)
        events += try takePieces()
        return events
    }

    private mutating func takeRun() throws(FileSystemError) -> Int {
        guard joined.count > 0 else { return 0 }
        reader.begin(joined)
        let events = try takePieces()
        precondition(events == joined.count, "a generated event is one")
        joined.removeAll()
        return events
    }

    private mutating func takePieces() throws(FileSystemError) -> Int {
        var events = 0
        while true {
            let count = reader.next(views)
            if count == 0 { return events }
            for at in 0..<count {
                precondition(views[at].rejection == nil, "a generated event is one")
                try file(views[at], EventInputs.receivedAt)
            }
            events += count
        }
    }

    /// What the writer does with an event.
    private mutating func file(
        _ view: borrowing EventView,
        _ receivedAt: Int64
    ) throws(FileSystemError) {
        let eventTime = view.time.isEmpty ? nil : Timestamp.parse(view.time)
        let slot = try segments.slot(for: view, eventTime: eventTime)
        let resolved = ResolvedEvent(channel: view.channel, time: eventTime)
        let need = splicer.bytesMax(for: view, as: resolved)
        let pending = segments.store.pendings + slot
        if pending.pointee.room < need { try segments.store.makeRoom(need, in: slot) }
        let sequence = sequences.wrappingAdd(1, ordering: .relaxed).newValue
        let count = splicer.write(
            view,
            as: resolved,
            receivedAt: receivedAt,
            sequence: sequence,
            to: pending.pointee.end
        )
        pending.pointee.add(
            count,
            source: 0,
            sequence: sequence,
            receivedAt: receivedAt,
            eventTime: eventTime
        )
    }
}
