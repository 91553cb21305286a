import Foundation
import Synchronization

@testable import Ring

/// A ring, and what its producer waits on while it is full.
struct RingStressLane: Sendable {
    let ring: RingBuffer
    let hasSpace = DispatchSemaphore(value: 0)
}

/// What the consumer of a stress test reports.
final class RingStressResult: Sendable {
    let isDone = DispatchSemaphore(value: 0)
    let firstWrong = Mutex<String?>(nil)
}

/// Producers that fill records with a checksum, and the consumer that checks them.
///
/// Records of 16 bytes and more are sequence number, checksum, filler; shorter ones repeat the low
/// byte of the sequence number.
struct RingStressLoad: Sendable {
    let recordsEach: Int
    let batchMax: Int
    let pauses: Bool
    let seed: UInt64

    /// Starts all threads. They end by themselves.
    func run(_ lanes: [RingStressLane]) -> RingStressResult {
        let parker = Parker()
        let result = RingStressResult()
        for (index, lane) in lanes.enumerated() {
            Thread { produce(lane, parker, RingSeededGenerator(seed: seed &+ UInt64(index))) }.start()
        }
        Thread {
            consume(lanes, parker, result)
            result.isDone.signal()
        }.start()
        return result
    }

    private func produce(
        _ lane: RingStressLane, _ parker: Parker, _ generator: RingSeededGenerator
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
            if let room { Self.fill(UnsafeMutableRawBufferPointer(start: room, count: size), sequence) }
            unpublished += 1
            if unpublished >= Int.random(in: 1...batchMax, using: &random) {
                end.publish()
                unpublished = 0
                if pauses, sequence % 16 == 0 { usleep(UInt32.random(in: 0...50, using: &random)) }
            }
        }
        end.publish()
    }

    private func consume(_ lanes: [RingStressLane], _ parker: Parker, _ result: RingStressResult) {
        let ends = lanes.map { RingStressConsumer($0) }
        while ends.contains(where: { $0.taken < recordsEach }) {
            var count = 0
            for end in ends { count += end.takeBatch() }
            if let wrong = ends.lazy.compactMap(\.wrong).first {
                // Producers may wait for room for ever now; the test has failed and ends.
                return result.firstWrong.withLock { $0 = wrong }
            }
            if count == 0 {
                parker.park(timeoutNanoseconds: -1) { ends.contains { $0.hasWork } }
            }
        }
    }

    static func fill(_ room: UnsafeMutableRawBufferPointer, _ sequence: Int) {
        let low = UInt8(truncatingIfNeeded: sequence)
        for index in room.indices { room[index] = low &+ UInt8(truncatingIfNeeded: index) }
        guard room.count >= 16 else { return }
        room.storeBytes(of: sequence, as: Int.self)
        room.storeBytes(of: checksum(UnsafeRawBufferPointer(room)), toByteOffset: 8, as: Int.self)
    }

    /// FNV-1a over all but the checksum's own eight bytes.
    static func checksum(_ record: UnsafeRawBufferPointer) -> Int {
        var hash = 0xCBF2_9CE4_8422_2325 as UInt64
        for index in record.indices where !(8..<16).contains(index) {
            hash = (hash ^ UInt64(record[index])) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: hash)
    }
}

/// One ring's end on the consuming thread.
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

    /// Takes and checks up to 64 records; how many there were.
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
        guard record.count >= 16 else {
            let low = UInt8(truncatingIfNeeded: taken)
            return record.enumerated().allSatisfy {
                $0.element == low &+ UInt8(truncatingIfNeeded: $0.offset)
            }
        }
        return record.load(as: Int.self) == taken
            && record.load(fromByteOffset: 8, as: Int.self) == RingStressLoad.checksum(record)
    }
}
