@testable import Ring

/// A deliberate bug in the simulated ring, its parker or its users, which a check must detect.
enum Flaw: CaseIterable {
    case publishesWithoutRelease
    case publishesBeforeWriting
    case releasesBeforeReading
    case looksForSleeperPlainly
    case sleepsAfterPlainStore
    case sleepsWithoutLookingAgain
    case asksForSpaceWithPlainStore
    case waitsForSpaceWithoutLookingAgain
    case looksForSpaceRequestPlainly
}

/// The locations of the rings, the parker and the signals in a simulated machine.
struct SimulatedLayout {
    var rings: Int
    var capacity: Int

    static let parked = 0
    private var locationsPerRing: Int { 4 + capacity / 8 }

    var locations: Int { 1 + rings * locationsPerRing }
    func written(_ ring: Int) -> Int { 1 + ring * locationsPerRing }
    func read(_ ring: Int) -> Int { written(ring) + 1 }
    func spaceRequest(_ ring: Int) -> Int { written(ring) + 2 }
    func signal(_ ring: Int) -> Int { written(ring) + 3 }
    func word(_ ring: Int, offset: Int) -> Int { written(ring) + 4 + offset / 8 }
}

/// A ring's cells on the simulated machine, for one thread.
struct SimulatedCells: RingCells {
    let thread: SimulatedThread
    let layout: SimulatedLayout
    let ring: Int
    let flaw: Flaw?

    /// An address for computing offsets; it is never accessed.
    static var nowhere: UnsafeMutableRawPointer {
        guard let address = UnsafeMutableRawPointer(bitPattern: 1 << 20) else {
            preconditionFailure("a non-zero address is an address")
        }
        return address
    }

    var records: UnsafeMutableRawPointer { Self.nowhere }
    var capacity: Int { layout.capacity }

    func loadWritten() -> Int { thread.load(layout.written(ring)) }
    func storeWritten(_ position: Int) {
        let isRelease = flaw != .publishesWithoutRelease
        thread.store(layout.written(ring), position, isRelease: isRelease)
    }
    func loadRead() -> Int { thread.load(layout.read(ring)) }
    func storeRead(_ position: Int) { thread.store(layout.read(ring), position, isRelease: true) }

    func writeHeader(_ header: RecordHeader, at offset: Int) {
        thread.store(layout.word(ring, offset: offset), Int(header.word))
    }

    /// Ends the run at a header that no correct ring contains; the real ring would trap on it.
    func readHeader(at offset: Int) -> RecordHeader {
        let harmless = RecordHeader(length: 1, kind: RecordHeader.dataKind)
        let value = thread.load(layout.word(ring, offset: offset))
        if thread.isOver { return harmless }
        let header = RecordHeader(word: UInt64(value))
        let unread = (thread.last(layout.written(ring)) - offset - 1) & (capacity - 1) + 1
        let isPadding = header.kind == RecordHeader.paddingKind
        let isData = header.kind == RecordHeader.dataKind
        let fits = header.recordByteCount <= (isPadding ? unread - 16 : unread)
        guard (isData || isPadding) && fits else {
            thread.fail("torn header \(value) at offset \(offset)")
            return harmless
        }
        return header
    }

    func exchangeSpaceRequest(_ isWaiting: Bool) -> Bool {
        let location = layout.spaceRequest(ring)
        switch (isWaiting, flaw) {
        case (true, .asksForSpaceWithPlainStore):
            thread.store(location, 1)
            return false
        case (false, .looksForSpaceRequestPlainly):
            guard thread.load(location) == 1 else { return false }
            return thread.exchange(location, 0) == 1
        default:
            return thread.exchange(location, isWaiting ? 1 : 0) == 1
        }
    }

    func storeEarlyWrap(_ position: Int) {}
    func storeHighWater(_ bytes: Int) {}
    func countFull() {}
}

/// A parker's cell on the simulated machine.
///
/// A sleep never times out there: a timeout would hide a lost wake-up.
struct SimulatedBed: ParkingCell {
    let thread: SimulatedThread
    let flaw: Flaw?

    func exchangeParked(_ isParked: Bool) -> Bool {
        let location = SimulatedLayout.parked
        switch (isParked, flaw) {
        case (true, .sleepsAfterPlainStore):
            thread.store(location, 1)
            return false
        case (false, .looksForSleeperPlainly):
            guard thread.load(location) == 1 else { return false }
            return thread.exchange(location, 0) == 1
        default:
            return thread.exchange(location, isParked ? 1 : 0) == 1
        }
    }

    func sleepWhileParked(timeoutNanoseconds: Int64) {
        thread.sleep(SimulatedLayout.parked, whileValue: 1)
    }

    func wakeSleeper() { thread.wake(SimulatedLayout.parked) }
}
