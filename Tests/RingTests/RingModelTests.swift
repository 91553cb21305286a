import Foundation
import Testing

@testable import Ring

/// The ring behaves like a plain queue, under any sequence of calls.
@Suite struct RingModelTests {
    @Test(arguments: [64, 256, 1024, 4096, 65536], [1, 2, 3, 8])
    func behavesAsAQueue(_ capacity: Int, hotPart: Int) throws {
        let seed = RingSeededGenerator.seed(for: "ring model, capacity \(capacity) / \(hotPart)")
        var model = try Model(capacity: capacity, hotBytes: capacity / hotPart, seed: seed)
        for _ in 0..<20_000 {
            try #require(try model.step(), "seed \(seed)")
        }
        try #require(try model.drain(), "seed \(seed)")
        #expect(model.taken > 1000, "seed \(seed)")
        #expect((model.earlyWraps > 10) == (hotPart > 1), "seed \(seed)")
        #expect(model.ring.timesFull > 0, "seed \(seed)")
    }

    /// A piece of one random text.
    private struct Record {
        var size: Int
        var start: Int

        private static let text: [UInt8] = {
            var random = RingSeededGenerator(seed: 1)
            return (0..<4096 + (64 << 10) / 4).map { _ in UInt8.random(in: 0...255, using: &random)
            }
        }()

        func write(to room: UnsafeMutableRawPointer) {
            Self.text.withUnsafeBytes { text in
                UnsafeMutableRawBufferPointer(start: room, count: size)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: text[start..<start + size]))
            }
        }

        func isEqual(to record: UnsafeRawBufferPointer) -> Bool {
            guard record.count == size, let address = record.baseAddress else { return false }
            return Self.text.withUnsafeBytes { text in
                let expected = UnsafeRawBufferPointer(rebasing: text[start..<start + size])
                return expected.baseAddress.map { memcmp($0, address, size) == 0 } ?? false
            }
        }
    }

    /// A ring and the queue that it must equal.
    ///
    /// Every step returns whether it did.
    private struct Model: ~Copyable {
        let ring: RingBuffer
        private var producer: RingProducer
        private var consumer: RingConsumer
        private var random: RingSeededGenerator
        private var claimed: [Record] = []
        private var published: [Record] = []
        private var unreleasedBytes = 0
        private(set) var taken = 0
        private(set) var earlyWraps = 0

        init(capacity: Int, hotBytes: Int, seed: UInt64) throws {
            ring = try RingBuffer(capacityOfAnySize: capacity, hotBytes: hotBytes)
            producer = RingProducer(ring, consumer: Parker())
            consumer = RingConsumer(ring)
            random = RingSeededGenerator(seed: seed)
        }

        mutating func step() throws -> Bool {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: return claimSome()
            case 4..<6: return publish()
            case 6..<9: return takeSome()
            default:
                release()
                return ring.highWaterBytes <= ring.capacity
            }
        }

        mutating func drain() throws -> Bool {
            guard publish() else { return false }
            while !published.isEmpty {
                guard takeOne() else { return false }
            }
            release()
            return consumer.isEmpty && ring.usedBytes == 0 && producer.usedBytes() == 0
        }

        private mutating func claimSome() -> Bool {
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let largest = Bool.random(using: &random) ? ring.recordBytesMax : 16
                let size = Int.random(in: 1...largest, using: &random)
                let used = producer.usedBytes()
                let taken = producer.claimed - producer.readSeen
                let earlyWrap = producer.earlyWrap
                guard let room = producer.claim(size) else {
                    // The free room was less than a record, its header and the longest padding.
                    return used <= taken && taken + 2 * (size + 16) > ring.capacity
                }
                if producer.earlyWrap != earlyWrap { earlyWraps += 1 }
                let added = producer.usedBytes() - used
                guard added >= size + 8, added <= 2 * (size + 16) else { return false }
                let record = Record(size: size, start: Int.random(in: 0..<4096, using: &random))
                record.write(to: room)
                claimed.append(record)
            }
            return true
        }

        private mutating func publish() -> Bool {
            let before = ring.usedBytes
            producer.publish()
            let grew = ring.usedBytes >= before + claimed.reduce(0) { $0 + $1.size }
            published += claimed
            claimed = []
            return grew && ring.highWaterBytes >= ring.usedBytes
        }

        private mutating func takeSome() -> Bool {
            for _ in 0..<Int.random(in: 1...8, using: &random) where !published.isEmpty {
                guard takeOne() else { return false }
            }
            return !published.isEmpty || (consumer.isEmpty && consumer.next() == nil)
        }

        private mutating func takeOne() -> Bool {
            guard let record = consumer.next() else { return false }
            unreleasedBytes += record.count
            taken += 1
            return published.removeFirst().isEqual(to: record)
                && ring.usedBytes >= unreleasedBytes
        }

        private mutating func release() {
            consumer.release()
            unreleasedBytes = 0
        }
    }
}
