import Compression

/// Every stage, in the order of the table.
extension StageEntry {
    static let all = rings + reading + writing

    static func named(_ name: String) -> StageEntry? {
        all.first { $0.name == name }
    }

    private static let rings = [
        ring("ring", "ring, one thread, push + pop", reference: "ring-cpp") {
            RunningStage(try RingOneThread())
        },
        ring("ring-cpp", "the same in C++") { RunningStage(try CppRingOneThread()) },
        ring("queue", "queue of arrays behind a mutex, one thread", rounds: 50) {
            RunningStage(QueueOneThread())
        },
        threads("ring-threads", "ring, two threads that spin", reference: "ring-threads-cpp") {
            RunningStage(RingTwoThreads())
        },
        threads("ring-threads-cpp", "the same in C++") { RunningStage(CppRingTwoThreads()) },
        threads("ring-parked", "ring, two threads that sleep and wake, as in the daemon") {
            RunningStage(RingParked())
        },
        threads("queue-threads", "queue behind a mutex, two threads", rounds: 50) {
            RunningStage(QueueTwoThreads())
        },
    ]

    private static let reading = [
        event(
            "parse",
            text: "read messages of one event",
            bytes: EventInputs.singleBytes,
            rounds: 100
        ) {
            RunningStage(ParseStage(EventInputs.single))
        },
        event(
            "parse-batch",
            text: "read messages of 100 events",
            bytes: EventInputs.batchBytes,
            rounds: 100
        ) {
            RunningStage(ParseStage(EventInputs.batches))
        },
        event(
            "plan-none",
            text: "read single values, without a plan",
            bytes: EventInputs.singleBytes,
            rounds: 100
        ) {
            RunningStage(try PlanStage(events: 0))
        },
        event(
            "plan",
            text: "the same, each checked by a plan of one event",
            bytes: EventInputs.singleBytes,
            rounds: 100
        ) {
            RunningStage(try PlanStage(events: 1))
        },
        event(
            "plan-900",
            text: "the same with 900 events at random",
            bytes: EventInputs.singleBytes,
            rounds: 100
        ) {
            RunningStage(try PlanStage(events: 900))
        },
        event("timestamp", text: "read the event's time", bytes: EventInputs.timeBytes, rounds: 500)
        {
            RunningStage(TimestampStage())
        },
        event(
            "route",
            text: "find partition and open segment",
            bytes: EventInputs.singleBytes,
            rounds: 500
        ) {
            RunningStage(try RouteStage())
        },
        event(
            "splice",
            text: "write the line into memory",
            bytes: EventInputs.lines.count,
            rounds: 200
        ) {
            RunningStage(SpliceStage())
        },
        event(
            "dedup-new",
            text: "take an id into the window, one of 100,000",
            bytes: 0,
            rounds: 200
        ) {
            RunningStage(DedupStage(.new, ids: 100_000))
        },
        event("dedup-known", text: "find an id in it", bytes: 0, rounds: 200) {
            RunningStage(DedupStage(.known, ids: 100_000))
        },
        uncounted("dedup-large", "find an id of five million, far apart in memory") {
            RunningStage(DedupStage(.known, ids: 5_000_000))
        },
        uncounted("dedup-alone", "the same, each looked up as soon as it is announced") {
            RunningStage(DedupStage(.known, ids: 5_000_000, burst: 1))
        },
    ]

    private static let writing = [
        event(
            "deflate-isal-1",
            text: "ISA-L level 1, 128 KiB steps",
            bytes: EventInputs.lines.count
        ) {
            RunningStage(try DeflateStage(.isal, level: 1))
        },
        event("deflate-zlib-1", text: "zlib level 1", bytes: EventInputs.lines.count, rounds: 10) {
            RunningStage(try DeflateStage(.zlib, level: 1))
        },
        event("deflate-zlib-6", text: "zlib level 6", bytes: EventInputs.lines.count, rounds: 4) {
            RunningStage(try DeflateStage(.zlib, level: 6))
        },
        event(
            "writer",
            text: "ring to deflated bytes, an event a message",
            bytes: EventInputs.singleBytes
        ) {
            RunningStage(try WriterPathStage(EventInputs.single))
        },
        event("writer-batch", text: "the same, 100 events a message", bytes: EventInputs.batchBytes)
        {
            RunningStage(try WriterPathStage(EventInputs.batches))
        },
        StageEntry(
            name: "commit",
            text: "a line flushed, written and synced in a real folder",
            unit: .commit,
            unitsPerIteration: 1,
            bytes: EventInputs.eventBytes,
            iterationsPerRound: 50
        ) { RunningStage(try CommitStage()) },
    ]

    private static func uncounted(
        _ name: String,
        _ text: String,
        make: @escaping @Sendable () throws -> any StageRunner
    ) -> StageEntry {
        var entry = event(name, text: text, bytes: 0, rounds: 200, make: make)
        entry.isCounted = false
        return entry
    }

    private static func ring(
        _ name: String,
        _ text: String,
        rounds: Int = 300,
        reference: String? = nil,
        make: @escaping @Sendable () throws -> any StageRunner
    ) -> StageEntry {
        StageEntry(
            name: name,
            text: text,
            unit: .record,
            bytes: EventInputs.count * RingLoad.recordBytes,
            iterationsPerRound: rounds,
            reference: reference,
            make: make
        )
    }

    private static func threads(
        _ name: String,
        _ text: String,
        rounds: Int = 300,
        reference: String? = nil,
        make: @escaping @Sendable () throws -> any StageRunner
    ) -> StageEntry {
        var entry = ring(name, text, rounds: rounds, reference: reference, make: make)
        entry.isCounted = false
        return entry
    }

    private static func event(
        _ name: String,
        text: String,
        bytes: Int,
        rounds: Int = 32,
        make: @escaping @Sendable () throws -> any StageRunner
    ) -> StageEntry {
        StageEntry(name: name, text: text, bytes: bytes, iterationsPerRound: rounds, make: make)
    }
}
