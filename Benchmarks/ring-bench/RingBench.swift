import Foundation
import Ring
import Synchronization

/// What the ring costs a record, beside the queue one would write first: an array of byte arrays
/// behind a mutex.
///
/// Prints a table of medians; `ring-bench [records] [rounds]`.
@main
struct RingBench {
    /// The mean size of an event in the project's measurements.
    static let recordBytes = 465
    static let capacity = 1 << 20
    static let batch = 256

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let records = arguments.first ?? 1_000_000
        let rounds = arguments.dropFirst().first ?? 7
        print("\(recordBytes)-byte records, \(records) a round, median of \(rounds) rounds")
        try row("ring, one thread, push + pop", records, rounds) { try ringOneThread(records) }
        row("mutex queue, one thread, push + pop", records, rounds) { queueOneThread(records) }
        try row("ring, two threads", records, rounds) { try ringTwoThreads(records) }
        row("mutex queue, two threads", records, rounds) { queueTwoThreads(records) }
    }

    private static func row(
        _ name: String,
        _ records: Int,
        _ rounds: Int,
        _ run: () throws -> Void
    ) rethrows {
        let clock = ContinuousClock()
        var nanoseconds: [Double] = []
        for _ in 0..<rounds {
            let time = try clock.measure { try run() }
            nanoseconds.append(time / .nanoseconds(1) / Double(records))
        }
        let median = nanoseconds.sorted()[rounds / 2]
        let cost = String(format: "%8.1f ns/record  %7.2f M records/s", median, 1000 / median)
        print("\(name.padding(toLength: 40, withPad: " ", startingAt: 0))\(cost)")
    }

    private static func ringOneThread(_ records: Int) throws {
        let ring = try RingBuffer(capacity: capacity)
        var producer = RingProducer(ring, consumer: Parker())
        var consumer = RingConsumer(ring)
        let message = [UInt8](repeating: 0x61, count: recordBytes)
        var left = records
        var bytes = 0
        while left > 0 {
            left -= push(message, min(batch, left), into: &producer)
            bytes += drain(&consumer)
        }
        precondition(bytes == records * recordBytes, "records were lost")
    }

    private static func ringTwoThreads(_ records: Int) throws {
        let ring = try RingBuffer(capacity: capacity)
        let parker = Parker()
        let hasSpace = DispatchSemaphore(value: 0)
        let isDone = DispatchSemaphore(value: 0)
        Thread {
            var producer = RingProducer(ring, consumer: parker)
            let message = [UInt8](repeating: 0x61, count: recordBytes)
            var left = records
            while left > 0 {
                let pushed = push(message, min(batch, left), into: &producer)
                left -= pushed
                if pushed == 0, !producer.requestSpaceSignal() { hasSpace.wait() }
            }
        }.start()
        Thread {
            var consumer = RingConsumer(ring)
            var bytes = 0
            while bytes < records * recordBytes {
                bytes += drain(&consumer)
                if consumer.takeSpaceRequest() { hasSpace.signal() }
                parker.park(timeoutNanoseconds: -1) {
                    !consumer.isEmpty || bytes >= records * recordBytes
                }
            }
            isDone.signal()
        }.start()
        isDone.wait()
    }

    /// One batch; how many records the ring had room for.
    ///
    /// Kept whole for a look with objdump.
    @inline(never)
    private static func push(
        _ message: [UInt8],
        _ count: Int,
        into producer: inout RingProducer
    ) -> Int {
        message.withUnsafeBytes { source in
            guard let bytes = source.baseAddress else { return 0 }
            var pushed = 0
            while pushed < count, let room = producer.claim(recordBytes) {
                room.copyMemory(from: bytes, byteCount: recordBytes)
                pushed += 1
            }
            producer.publish()
            return pushed
        }
    }

    /// Everything there is; how many bytes that was.
    ///
    /// Kept whole for a look with objdump.
    @inline(never)
    private static func drain(_ consumer: inout RingConsumer) -> Int {
        var bytes = 0
        while let record = consumer.next() { bytes += record.count }
        consumer.release()
        return bytes
    }

    private static func queueOneThread(_ records: Int) {
        let queue = MutexQueue()
        let message = [UInt8](repeating: 0x61, count: recordBytes)
        var left = records
        var bytes = 0
        while left > 0 {
            for _ in 0..<min(batch, left) { queue.push(message) }
            left -= min(batch, left)
            while let record = queue.pop() { bytes += record.count }
        }
        precondition(bytes == records * recordBytes, "records were lost")
    }

    private static func queueTwoThreads(_ records: Int) {
        let queue = MutexQueue()
        let isDone = DispatchSemaphore(value: 0)
        Thread {
            let message = [UInt8](repeating: 0x61, count: recordBytes)
            for _ in 0..<records { queue.pushWhenRoom(message) }
        }.start()
        Thread {
            for _ in 0..<records { _ = queue.popWhenAny() }
            isDone.signal()
        }.start()
        isDone.wait()
    }
}
