import Foundation
import Synchronization
import Testing

@testable import Ring

/// Real threads, more than cores, for `swift test --sanitize=thread --filter RingStressTests`:
/// every producer has a ring, one consumer reads all of them and sleeps in between.
@Suite(.serialized) struct RingStressTests {
    @Test func keepsEveryRecordWithManyProducersAndOneSleeper() throws {
        try run(producers: 8, recordsEach: 20_000, capacity: 4096, batchMax: 7, pauses: false)
    }

    @Test func losesNoWakeUpWhenEveryRecordIsABatch() throws {
        try run(producers: 3, recordsEach: 5_000, capacity: 64, batchMax: 1, pauses: false)
    }

    @Test func losesNoWakeUpWhenProducersPause() throws {
        try run(producers: 4, recordsEach: 3_000, capacity: 512, batchMax: 3, pauses: true)
    }

    @Test func keepsEveryRecordWhenProducersWrapEarly() throws {
        try run(
            producers: 4,
            recordsEach: 20_000,
            capacity: 4096,
            hotBytes: 1024,
            batchMax: 5,
            pauses: false
        )
    }

    private func run(
        producers: Int,
        recordsEach: Int,
        capacity: Int,
        hotBytes: Int = RingBuffer.hotBytesDefault,
        batchMax: Int,
        pauses: Bool
    ) throws {
        let seed = RingSeededGenerator.seed(for: "ring stress, capacity \(capacity)")
        let load = RingStressLoad(
            recordsEach: recordsEach,
            batchMax: batchMax,
            pauses: pauses,
            seed: seed
        )
        let lanes = try (0..<producers).map { _ in
            RingStressLane(ring: try RingBuffer(capacityOfAnySize: capacity, hotBytes: hotBytes))
        }
        let result = load.run(lanes)
        #expect(
            result.isDone.wait(timeout: .now() + 300) == .success,
            "seed \(seed): still waiting"
        )
        let wrong = result.firstWrong.withLock { $0 }
        #expect(wrong == nil, "seed \(seed)")
        for lane in lanes where wrong == nil {
            #expect(lane.ring.usedBytes == 0)
            #expect(lane.ring.timesFull > 0)
            #expect(lane.ring.highWaterBytes > capacity / 2)
        }
    }
}
