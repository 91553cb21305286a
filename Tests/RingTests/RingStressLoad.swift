import Foundation
import Synchronization

@testable import Ring

/// A ring, and the semaphore that its producer waits for while it is full.
struct RingStressLane: Sendable {
    let ring: RingBuffer
    let hasSpace = DispatchSemaphore(value: 0)
}

/// The result that the consumer of a stress test reports.
final class RingStressResult: Sendable {
    let isDone = DispatchSemaphore(value: 0)
    let firstWrong = Mutex<String?>(nil)
}

/// Producers that fill records with a checksum, and the consumer that checks them.
///
/// Records of 16 bytes and more contain sequence number, checksum and filler; shorter ones count up
/// from the low byte of the sequence number. Records are read and written through typed pointers:
/// only those accesses are compiled into this module, where ThreadSanitizer sees them.
struct RingStressLoad: Sendable {
    let recordsEach: Int
    let batchMax: Int
    let pauses: Bool
    let seed: UInt64

    /// Starts all threads.
    ///
    /// They end on their own.
    func run(_ lanes: [RingStressLane]) -> RingStressResult {
        let parker = Parker()
        let result = RingStressResult()
        for (index, lane) in lanes.enumerated() {
            Thread {
                produce(lane, parker, generator: RingSeededGenerator(seed: seed &+ UInt64(index)))
            }
            .start()
        }
        Thread {
            consume(lanes, parker, into: result)
            result.isDone.signal()
        }.start()
        return result
    }

    private func produce(
        _ lane: RingStressLane,
        _ parker: Parker,
        generator: RingSeededGenerator
    ) {
        var random = generator
        var end = RingProducer(lane.ring, consumer: parker)
        var unpublished = 0
        for sequence in 0..<recordsEach {
            let size = Int.random(in: 1...min(lane.ring.recordBytesMax, 200), using: &random)
            var room = end.claim(size)
            while room == nil {
                end.publish()
                unpublished = 0
                if !end.requestSpaceSignal() { lane.hasSpace.wait() }
                room = end.claim(size)
            }
            if let room { Self.fill(room, size, sequence: sequence) }
            unpublished += 1
            if unpublished >= Int.random(in: 1...batchMax, using: &random) {
                end.publish()
                unpublished = 0
                if pauses, sequence % 16 == 0 { usleep(UInt32.random(in: 0...50, using: &random)) }
            }
        }
        end.publish()
    }

    private func consume(_ lanes: [RingStressLane], _ parker: Parker, into result: RingStressResult)
    {
        let ends = lanes.map { RingStressConsumer($0) }
        while ends.contains(where: { $0.taken < recordsEach }) {
            var count = 0
            for end in ends { count += end.takeBatch() }
            if let wrong = ends.lazy.compactMap(\.wrong).first {
                // Producers may now wait forever for room; the test has failed and ends.
                return result.firstWrong.withLock { $0 = wrong }
            }
            if count == 0 {
                parker.park(timeoutNanoseconds: -1) { ends.contains { $0.hasWork } }
            }
        }
    }

    /// Fills a record for `sequence`, with plain typed stores only (see the type).
    static func fill(_ room: UnsafeMutableRawPointer, _ size: Int, sequence: Int) {
        let bytes = room.assumingMemoryBound(to: UInt8.self)
        for index in 0..<size { (bytes + index).pointee = filler(sequence, index) }
        guard size >= 16 else { return }
        let words = room.assumingMemoryBound(to: Int.self)
        words.pointee = sequence
        (words + 1).pointee = checksum(UnsafePointer(bytes), size)
    }

    /// Returns byte `index` of a record, outside number and checksum.
    static func filler(_ sequence: Int, _ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: sequence &+ index)
    }

    /// FNV-1a over all bytes except the checksum's eight.
    static func checksum(_ bytes: UnsafePointer<UInt8>, _ size: Int) -> Int {
        var hash = 0xCBF2_9CE4_8422_2325 as UInt64
        for index in 0..<size where index < 8 || index >= 16 {
            hash = (hash ^ UInt64((bytes + index).pointee)) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: hash)
    }
}

/// The end of one ring on the consuming thread.
final class RingStressConsumer {
    private let lane: RingStressLane
    private var end: RingConsumer
    private(set) var taken = 0
    private(set) var wrong: String?

    init(_ lane: RingStressLane) {
        self.lane = lane
        end = RingConsumer(lane.ring)
    }

    var hasWork: Bool { !end.isEmpty }

    /// Takes and checks up to 64 records; returns their number.
    func takeBatch() -> Int {
        var count = 0
        while count < 64, let record = end.next() {
            if !isRight(record) { wrong = wrong ?? "record \(taken): \(Array(record))" }
            taken += 1
            count += 1
        }
        guard count > 0 else { return 0 }
        end.release()
        if end.takeSpaceRequest() { lane.hasSpace.signal() }
        return count
    }

    private func isRight(_ record: UnsafeRawBufferPointer) -> Bool {
        guard let address = record.baseAddress else { return false }
        let bytes = address.assumingMemoryBound(to: UInt8.self)
        guard record.count >= 16 else {
            return (0..<record.count).allSatisfy {
                (bytes + $0).pointee == RingStressLoad.filler(taken, $0)
            }
        }
        let words = address.assumingMemoryBound(to: Int.self)
        return words.pointee == taken
            && (words + 1).pointee == RingStressLoad.checksum(bytes, record.count)
    }
}
