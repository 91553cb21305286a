import CSPSCRing
import Foundation
import Glibc
import Platform
import Ring

/// The load of all rings and queues.
enum RingLoad {
    static let recordBytes = EventInputs.eventBytes
    static let capacity = 1 << 20
    /// Records published at once, as a receiver does.
    static let batch = 250
    static let message = [UInt8](repeating: 0x61, count: recordBytes)
}

/// The ring, alternately filled and emptied by one thread: the cost per record without contention.
struct RingOneThread: Stage, ~Copyable {
    private var producer: RingProducer
    private var consumer: RingConsumer

    init() throws {
        let ring = try RingBuffer(capacity: RingLoad.capacity)
        producer = RingProducer(ring, consumer: Parker())
        consumer = RingConsumer(ring)
    }

    mutating func run(_ iterations: Int) -> Int {
        var bytes = 0
        for _ in 0..<(iterations * EventInputs.count / RingLoad.batch) {
            let pushed = producer.push(RingLoad.message, RingLoad.batch)
            precondition(pushed == RingLoad.batch, "an empty ring has room")
            bytes += consumer.drain()
        }
        return bytes
    }
}

extension RingProducer {
    /// Pushes one batch; returns how many records the ring had room for.
    ///
    /// Not inlined, so that objdump shows it as a whole.
    @inline(never)
    mutating func push(_ message: [UInt8], _ count: Int) -> Int {
        message.withUnsafeBytes { source in
            guard let bytes = source.baseAddress else { return 0 }
            var pushed = 0
            while pushed < count, let room = claim(RingLoad.recordBytes) {
                room.copyMemory(from: bytes, byteCount: RingLoad.recordBytes)
                pushed += 1
            }
            publish()
            return pushed
        }
    }
}

extension RingConsumer {
    /// Removes all records; returns their number of bytes.
    ///
    /// Not inlined, so that objdump shows it as a whole.
    @inline(never)
    mutating func drain() -> Int {
        var bytes = 0
        while let record = next() { bytes += record.count }
        release()
        return bytes
    }
}

/// The ring in C++, used in the same way.
struct CppRingOneThread: Stage, ~Copyable {
    private let ring: CppRing

    init() throws {
        ring = try CppRing()
    }

    mutating func run(_ iterations: Int) -> Int {
        var bytes = 0
        for _ in 0..<(iterations * EventInputs.count / RingLoad.batch) {
            let pushed = ring.push(RingLoad.message, RingLoad.batch)
            precondition(pushed == RingLoad.batch, "an empty ring has room")
            bytes += ring.drain()
        }
        return bytes
    }
}

/// Owns a ring in C++.
final class CppRing: @unchecked Sendable {
    // Unchecked: `push` is for one thread, `drain` for one thread, as in the Swift ring.

    private let ring: OpaquePointer

    init() throws {
        guard let ring = spsc_ring_create(RingLoad.capacity) else { throw POSIXError(.ENOMEM) }
        self.ring = ring
    }

    deinit {
        spsc_ring_destroy(ring)
    }

    func push(_ message: [UInt8], _ count: Int) -> Int {
        message.withUnsafeBytes { spsc_ring_push(ring, $0.baseAddress, $0.count, count) }
    }

    func drain() -> Int {
        spsc_ring_drain(ring)
    }
}
