import TestSupport
import Testing

@testable import Wire

@Suite struct ByteQueueTests {
    /// A queue, and the bytes that it should have.
    private struct Pair: ~Copyable {
        var queue = ByteQueue()
        var model: [UInt8] = []
        private var last: UInt8 = 0

        private mutating func fresh(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                last = last &* 5 &+ 17
                return last
            }
        }

        mutating func append(_ count: Int) {
            let bytes = fresh(count)
            queue.append(bytes)
            model += bytes
        }

        /// Asks for more room than it fills.
        mutating func fill(_ count: Int, of wanted: Int) {
            let bytes = fresh(count)
            let room = queue.room(wanted)
            #expect(room.count == wanted)
            room.copyBytes(from: bytes)
            queue.added(count)
            model += bytes
        }

        mutating func appendFrame(_ count: Int, more: Bool, command: Bool) {
            let body = fresh(count)
            body.withUnsafeBytes { queue.appendFrame($0, hasMore: more, isCommand: command) }
            model += WireSamples.frame(body, more: more, command: command)
        }

        mutating func remove(_ count: Int) {
            queue.removeFirst(count)
            model.removeFirst(count)
        }

        func expectSame(_ seed: UInt64) {
            #expect(queue.count == model.count && queue.isEmpty == model.isEmpty, "seed \(seed)")
            #expect(queue.bytes.elementsEqual(model), "seed \(seed)")
            #expect(queue.byteCapacity >= queue.count)
        }
    }

    @Test(arguments: UInt64(1)...20) func behavesAsAnArray(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var pair = Pair()
        for _ in 0..<400 {
            let count = Int.random(
                in: 0...(Bool.random(using: &random) ? 10 : 2_000),
                using: &random
            )
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: pair.append(count)
            case 2: pair.fill(count, of: count + Int.random(in: 0...3_000, using: &random))
            case 3:
                let more = Bool.random(using: &random)
                pair.appendFrame(count, more: more, command: Bool.random(using: &random))
            case 4: pair.queue.reserve(count)
            case 5: pair.queue.trim()
            case 6:
                pair.queue.removeAll()
                pair.model = []
            default: pair.remove(min(count, pair.model.count))
            }
            pair.expectSame(seed)
        }
    }

    @Test func hasNoMemoryBeforeItHasBytes() {
        var queue = ByteQueue()
        #expect(queue.byteCapacity == 0 && queue.isEmpty && queue.bytes.isEmpty)
        queue.append([])
        queue.removeAll()
        queue.trim()
        #expect(queue.byteCapacity == 0)
    }

    @Test func memoryIsAtMostTwiceTheBytes() {
        var queue = ByteQueue()
        var most = 0
        for count in [1, 511, 1, 700, 3_000, 70_000] {
            queue.append([UInt8](repeating: 1, count: count))
            most = max(most, queue.count)
            #expect(queue.byteCapacity <= max(512, 2 * most))
        }
    }

    /// A queue that is filled and emptied in turn stays as small as what it holds.
    @Test func memoryIsUsedAgain() {
        var queue = ByteQueue()
        for _ in 0..<10_000 {
            queue.append([UInt8](repeating: 1, count: 100))
            if queue.count > 200 { queue.removeFirst(100) }
        }
        #expect(queue.byteCapacity <= 512)
    }

    @Test func trimReturnsOnlyTheMemoryOfAnEmptyQueue() {
        var queue = ByteQueue()
        queue.append([1, 2, 3])
        queue.trim()
        #expect(queue.byteCapacity == 512 && queue.bytes.elementsEqual([1, 2, 3]))
        queue.removeFirst(3)
        #expect(queue.byteCapacity == 512)
        queue.trim()
        #expect(queue.byteCapacity == 0)
    }

    @Test func reserveKeepsTheBytesAndTakesNoMoreThanAskedFor() {
        var queue = ByteQueue()
        queue.append([1, 2, 3])
        queue.removeFirst(1)
        queue.reserve(5_000)
        #expect(queue.byteCapacity == 5_000 && queue.bytes.elementsEqual([2, 3]))
        queue.reserve(10)
        #expect(queue.byteCapacity == 5_000)
    }
}
