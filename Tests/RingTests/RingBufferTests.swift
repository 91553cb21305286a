import Testing

@testable import Ring

@Suite struct RingBufferTests {
    @Test(arguments: [0, -4096, 1, 2048, 4095, (1 << 30) + 1, 1 << 31, Int.max, Int.min])
    func refusesCapacitiesOutOfRange(_ capacity: Int) {
        #expect(throws: RingError(reason: .outOfRange, capacityBytes: capacity)) {
            try RingBuffer(capacity: capacity)
        }
    }

    @Test(arguments: [4097, 5000, 12288, (1 << 30) - 4096])
    func refusesCapacitiesThatAreNoPowerOfTwo(_ capacity: Int) {
        #expect(throws: RingError(reason: .notPowerOfTwo, capacityBytes: capacity)) {
            try RingBuffer(capacity: capacity)
        }
    }

    @Test func errorsSayWhatWasAskedForAndWhatToDo() {
        let errors = [RingError.Reason.notPowerOfTwo, .outOfRange, .outOfMemory].map {
            RingError(reason: $0, capacityBytes: 5000).description
        }
        #expect(errors.allSatisfy { $0.hasPrefix("making a ring of 5000 bytes: ") })
        #expect(errors[0].contains("power of two"))
        #expect(errors[1].contains("4 KiB to 1 GiB"))
        #expect(errors[2].contains("lower the capacity"))
    }

    @Test func startsEmptyAtEveryAllowedCapacity() throws {
        for shift in 12...30 {
            let ring = try RingBuffer(capacity: 1 << shift)
            #expect(ring.capacity == 1 << shift)
            #expect(ring.recordBytesMax == 1 << (shift - 2))
            #expect([ring.usedBytes, ring.highWaterBytes, ring.timesFull] == [0, 0, 0])
        }
    }

    @Test func sixtyFourBytesBehindTheLastRecordAreReadableZeros() throws {
        for shift in 12...16 {
            let ends = try RingEnds(capacity: 1 << shift)
            for _ in 0..<4 {
                // Four records of a quarter each, headers included, reach the very end.
                let room = try #require(ends.claim(ends.ring.recordBytesMax - 8))
                room.initializeMemory(
                    as: UInt8.self,
                    repeating: 0xFF,
                    count: ends.ring.recordBytesMax - 8
                )
            }
            ends.publish()
            var last: UnsafeRawBufferPointer?
            while let record = ends.next() { last = record }
            let record = try #require(last)
            let address = try #require(record.baseAddress)
            #expect(
                address + record.count
                    == UnsafeRawPointer(ends.ring.cells.records + ends.ring.capacity)
            )
            let guardBytes = UnsafeRawBufferPointer(start: address + record.count, count: 64)
            #expect(guardBytes.allSatisfy { $0 == 0 })
        }
    }

    @Test func tellsWhatStandsAheadOnlyWhereItIsPublished() throws {
        let ends = try RingEnds(capacity: 16_384)
        var rooms: [UnsafeRawPointer] = []
        for _ in 0..<5 { rooms.append(UnsafeRawPointer(try #require(ends.claim(1_016)))) }
        #expect(ends.next() == nil && ends.ahead(1_016) == nil)
        ends.publish()
        // Records are 1 KiB with their headers: two of them are between the addresses.
        #expect(ends.next()?.baseAddress == rooms[0])
        #expect(ends.ahead(1_016) == rooms[3] - 8)
        #expect(ends.next()?.baseAddress == rooms[1])
        #expect(ends.ahead(1_016) == rooms[4] - 8)
        #expect(ends.next()?.baseAddress == rooms[2])
        #expect(ends.ahead(1) == nil)
    }

    @Test func countsUseHighWaterAndEpisodesOfBeingFull() throws {
        let ends = try RingEnds(capacity: 4096)
        for _ in 0..<4 { #expect(ends.claim(1000) != nil) }
        #expect(ends.claimedAndUsedBytes() == 4032)
        #expect(ends.ring.usedBytes == 0, "claims are invisible until published")
        ends.publish()
        #expect(ends.ring.usedBytes == 4032)
        #expect(ends.ring.highWaterBytes == 4032)
        for _ in 0..<3 { #expect(ends.claim(1000) == nil) }
        #expect(ends.ring.timesFull == 1, "retries belong to one episode")
        #expect(ends.next()?.count == 1000)
        #expect(ends.ring.usedBytes == 4032, "a record takes its room until it is released")
        ends.release()
        #expect(ends.ring.usedBytes == 3024)
        #expect(ends.claim(900) != nil)
        #expect(ends.claim(900) == nil)
        #expect(ends.ring.timesFull == 2)
        #expect(ends.ring.highWaterBytes == 4032)
    }

    @Test func highWaterIsNotRaisedByAnOldCursor() throws {
        let ends = try RingEnds(capacity: 4096)
        for _ in 0..<100 {
            #expect(ends.claim(100) != nil)
            ends.publish()
            #expect(ends.next() != nil)
            ends.release()
        }
        // One record, and once with the padding before the wrap.
        #expect(ends.ring.highWaterBytes <= 2 * 112)
    }

    @Test func staysInItsFirstBytesWhileTheConsumerKeepsUp() throws {
        let ends = try RingEnds(capacity: 64 << 10, hotBytes: 4096)
        var places = Set<Int>()
        for _ in 0..<1000 {
            let room = try #require(ends.claim(100))
            places.insert(room - ends.ring.cells.records)
            ends.publish()
            #expect(ends.ring.usedBytes == 112, "an early wrap's padding is not in use")
            #expect(ends.next()?.count == 100)
            ends.release()
        }
        #expect(places.allSatisfy { $0 < 4096 + 112 })
        #expect(ends.ring.highWaterBytes == 112)
        #expect(ends.ring.timesFull == 0)
    }

    @Test func usesAllOfItWhenTheConsumerFallsBehind() throws {
        let ends = try RingEnds(capacity: 64 << 10, hotBytes: 4096)
        var count = 0
        while ends.claim(1016) != nil { count += 1 }
        ends.publish()
        #expect(count == 64)
        #expect(ends.ring.usedBytes == 64 << 10)
        while ends.next() != nil {}
        ends.release()
        #expect(ends.ring.usedBytes == 0)
    }

    @Test func asksForSpaceOnceAndSeesSpaceThatAppearedMeanwhile() throws {
        let ends = try RingEnds(capacity: 4096)
        for _ in 0..<4 { #expect(ends.claim(1000) != nil) }
        ends.publish()
        #expect(ends.claim(1001) == nil)
        #expect(!ends.takeSpaceRequest())
        #expect(!ends.requestSpaceSignal())
        #expect(ends.next() != nil)
        ends.release()
        #expect(ends.takeSpaceRequest())
        #expect(!ends.takeSpaceRequest(), "a request is answered once")
        #expect(
            !ends.requestSpaceSignal(),
            "64 bytes of padding and 1016 are more than 64 and 1008"
        )
        while ends.next() != nil {}
        ends.release()
        #expect(ends.requestSpaceSignal())
        #expect(ends.claim(1000) != nil)
    }

    @Test func publishingNothingWakesNobodyAndShowsNothing() throws {
        let ends = try RingEnds(capacity: 4096)
        ends.publish()
        ends.release()
        #expect(ends.isEmpty)
        #expect(ends.ring.usedBytes == 0)
    }

    @Test func anEndGivenBackGoesOnWithItsSuccessor() throws {
        let ring = try RingBuffer(capacity: 4096)
        let parker = Parker()
        for value in UInt8(0)..<100 {
            try push(value, into: RingProducer(ring, consumer: parker))
            let popped = pop(from: RingConsumer(ring))
            #expect(popped == value)
        }
    }

    private func push(_ value: UInt8, into end: consuming RingProducer) throws {
        let claimed = end.claim(100)
        let room = try #require(claimed)
        room.storeBytes(of: value, as: UInt8.self)
        end.publish()
    }

    private func pop(from end: consuming RingConsumer) -> UInt8? {
        let value = end.next()?.first
        end.release()
        return value
    }

    @Test func trapsOnMisuse() async {
        await #expect(processExitsWith: .failure) {
            var end = RingProducer(try RingBuffer(capacity: 4096), consumer: Parker())
            _ = end.claim(0)
        }
        await #expect(processExitsWith: .failure) {
            var end = RingProducer(try RingBuffer(capacity: 4096), consumer: Parker())
            _ = end.claim(1025)
        }
        await #expect(processExitsWith: .failure) {
            var end = RingProducer(try RingBuffer(capacity: 4096), consumer: Parker())
            _ = end.claim(1)
            _ = end.requestSpaceSignal()
        }
        await #expect(processExitsWith: .failure) {
            let ring = try RingBuffer(capacity: 4096)
            var first = RingConsumer(ring)
            var second = RingConsumer(ring)
            _ = (first.next(), second.next())
        }
    }
}
