/// The part of a source's sequence that a segment has.
package struct SequenceTally {
    var events = 0
    var first = UInt64.max
    var last: UInt64 = 0
}

/// Lines of one open segment that wait for compression, and the manifest's sums of all its lines.
///
/// Plain memory behind a pointer: every event touches it. Only the writer's thread uses it.
package struct PendingLines {
    /// The address of the next line.
    package private(set) var end: UnsafeMutablePointer<UInt8>
    /// Bytes that are free after ``end``.
    package private(set) var room: Int
    private(set) var start: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    let tallies: UnsafeMutableBufferPointer<SequenceTally>
    private(set) var events = 0
    private(set) var firstReceived = Int64.max
    private(set) var lastReceived = Int64.min
    private(set) var firstEventTime = Int64.max
    private(set) var lastEventTime = Int64.min

    init(capacity: Int, sources: Int) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
        end = start
        room = capacity
        tallies = .allocate(capacity: sources)
        tallies.initialize(repeating: SequenceTally())
    }

    func free() {
        start.deallocate()
        tallies.deallocate()
    }

    /// Counts a line that was written at ``end``.
    package mutating func add(
        _ byteCount: Int,
        source: Int,
        sequence: UInt64,
        receivedAt: Int64,
        eventTime: Int64?
    ) {
        end += byteCount
        room -= byteCount
        events += 1
        let tally = tallies.baseAddress.unsafelyUnwrapped + source
        tally.pointee.events += 1
        if sequence < tally.pointee.first { tally.pointee.first = sequence }
        if sequence > tally.pointee.last { tally.pointee.last = sequence }
        if receivedAt < firstReceived { firstReceived = receivedAt }
        if receivedAt > lastReceived { lastReceived = receivedAt }
        guard let eventTime else { return }
        if eventTime < firstEventTime { firstEventTime = eventTime }
        if eventTime > lastEventTime { lastEventTime = eventTime }
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: end - start)
    }

    /// Empties the buffer after its lines were deflated.
    mutating func clear() {
        end = start
        room = capacity
    }

    /// Enlarges an empty buffer.
    mutating func grow(to wanted: Int) {
        precondition(end == start, "growing a buffer with lines in it")
        guard wanted > capacity else { return }
        start.deallocate()
        capacity = wanted
        start = .allocate(capacity: wanted)
        clear()
    }
}
