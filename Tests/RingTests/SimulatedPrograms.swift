@testable import Ring

/// The programs of a simulated machine: producers push records of given sizes in batches and wait
/// for room; one consumer takes them all and sleeps when there are none.
struct Scenario {
    var capacity: Int
    /// The offset from which producers wrap early; never in a ring that is no larger.
    var hotBytes = 64
    /// Payload bytes of each record, by ring; one producer per ring.
    var records: [[Int]]
    /// The most records per publish.
    var producerBatch = 1
    /// The most records per release.
    var consumerBatch = 1
    var flaw: Flaw?

    private var layout: SimulatedLayout {
        SimulatedLayout(rings: records.count, capacity: capacity)
    }

    /// Tries every order.
    func explore() -> InterleavingExplorer.Outcome {
        let producers = records.indices.map { ring in
            { (thread: SimulatedThread) in produce(ring, on: thread) }
        }
        return InterleavingExplorer.explore(
            locations: layout.locations,
            programs: producers + [consume]
        )
    }

    /// Returns the value of every word of a record's payload.
    private func content(_ ring: Int, _ index: Int) -> Int { 1000 * (ring + 1) + index }

    private func words(of ring: Int, from address: UnsafeRawPointer, byteCount: Int) -> Range<Int> {
        let first = layout.word(ring, offset: address - UnsafeRawPointer(SimulatedCells.nowhere))
        return first..<first + (byteCount + 7) / 8
    }

    private func produce(_ ring: Int, on thread: SimulatedThread) {
        let cells = SimulatedCells(thread: thread, layout: layout, ring: ring, flaw: flaw)
        let bed = SimulatedBed(thread: thread, flaw: flaw)
        var end = ProducerEnd(cells: cells, bed: bed, hotBytes: hotBytes)
        var unpublished = 0
        for (index, byteCount) in records[ring].enumerated() {
            guard let room = room(byteCount, in: ring, &end, unpublished: &unpublished, on: thread)
            else { return }
            if flaw == .publishesBeforeWriting { end.publish() }
            for word in words(of: ring, from: room, byteCount: byteCount) {
                thread.store(word, content(ring, index))
            }
            unpublished += 1
            if unpublished == producerBatch {
                end.publish()
                unpublished = 0
            }
        }
        end.publish()
    }

    /// Claims, and waits for the consumer's signal until the claim succeeds.
    ///
    /// Nil: the run is over.
    private func room(
        _ byteCount: Int,
        in ring: Int,
        _ end: inout ProducerEnd<SimulatedCells, SimulatedBed>,
        unpublished: inout Int,
        on thread: SimulatedThread
    ) -> UnsafeRawPointer? {
        while !thread.isOver {
            if let room = end.claim(byteCount) { return UnsafeRawPointer(room) }
            end.publish()
            unpublished = 0
            let hasRoom = end.requestSpaceSignal()
            if hasRoom, flaw != .waitsForSpaceWithoutLookingAgain { continue }
            thread.sleep(layout.signal(ring), whileValue: 0)
            _ = thread.exchange(layout.signal(ring), 0)
        }
        return nil
    }

    private func consume(on thread: SimulatedThread) {
        let left = Consumer(self, thread)
        while !thread.isOver, !left.isDone {
            if !left.takeBatches() { left.park() }
        }
    }

    /// The consuming thread: one end per ring.
    private final class Consumer {
        private let scenario: Scenario
        private let thread: SimulatedThread
        private var first: ConsumerEnd<SimulatedCells>
        private var second: ConsumerEnd<SimulatedCells>?
        private var taken: [Int]

        init(_ scenario: Scenario, _ thread: SimulatedThread) {
            precondition(scenario.records.count <= 2, "the simulated consumer knows two rings")
            self.scenario = scenario
            self.thread = thread
            func end(_ ring: Int) -> ConsumerEnd<SimulatedCells> {
                ConsumerEnd(
                    cells: SimulatedCells(
                        thread: thread,
                        layout: scenario.layout,
                        ring: ring,
                        flaw: scenario.flaw
                    )
                )
            }
            first = end(0)
            second = scenario.records.count > 1 ? end(1) : nil
            taken = Array(repeating: 0, count: scenario.records.count)
        }

        var isDone: Bool { taken == scenario.records.map(\.count) }

        /// Takes a batch from every ring; returns false if there was nothing.
        func takeBatches() -> Bool {
            var hasWorked = takeBatch(0, &first)
            if var end = second.take() {
                hasWorked = takeBatch(1, &end) || hasWorked
                second = consume end
            }
            return hasWorked
        }

        func park() {
            SimulatedBed(thread: thread, flaw: scenario.flaw).park(timeoutNanoseconds: -1) {
                if scenario.flaw == .sleepsWithoutLookingAgain { return false }
                if !first.isEmpty { return true }
                guard var end = second.take() else { return false }
                let isEmpty = end.isEmpty
                second = consume end
                return !isEmpty
            }
        }

        private func takeBatch(_ ring: Int, _ end: inout ConsumerEnd<SimulatedCells>) -> Bool {
            var count = 0
            while !thread.isOver, count < scenario.consumerBatch, let record = end.next() {
                if scenario.flaw == .releasesBeforeReading { end.release() }
                check(record, ring)
                taken[ring] += 1
                count += 1
            }
            guard count > 0 else { return false }
            end.release()
            if end.takeSpaceRequest() {
                _ = thread.exchange(scenario.layout.signal(ring), 1)
                thread.wake(scenario.layout.signal(ring))
            }
            return true
        }

        private func check(_ record: UnsafeRawBufferPointer, _ ring: Int) {
            guard !thread.isOver, let address = record.baseAddress else { return }
            let index = taken[ring]
            guard index < scenario.records[ring].count,
                record.count == scenario.records[ring][index]
            else { return thread.fail("record \(index) has \(record.count) bytes") }
            for word in scenario.words(of: ring, from: address, byteCount: record.count) {
                let value = thread.load(word)
                if !thread.isOver, value != scenario.content(ring, index) {
                    return thread.fail("record \(index) reads \(value)")
                }
            }
        }
    }
}
