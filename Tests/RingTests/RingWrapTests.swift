import Testing

@testable import Ring

/// Tests every position of a record relative to the end of the ring.
@Suite struct RingWrapTests {
    /// At 64 to 512 bytes: every size from every offset.
    @Test(arguments: [64, 128, 256, 512])
    func keepsEverySizeFromEveryOffset(_ capacity: Int) throws {
        // Nothing starts at 8: records take 16 bytes or more, and padding ends at the wrap.
        for offset in stride(from: 0, to: capacity, by: 8) where offset != 8 {
            for size in 1...capacity / 4 {
                try checkRecord(of: size, at: offset, capacity: capacity)
            }
        }
    }

    /// At real capacities: from each of the last offsets, sizes near the bytes left, and the
    /// largest.
    @Test(arguments: [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10])
    func keepsSizesAroundTheWrap(_ capacity: Int) throws {
        let max = capacity / 4
        for left in stride(from: 8, through: 128, by: 8) {
            let around = Swift.max(1, left - 24)...left + 24
            for size in Array(around) + [1, max - 9, max - 8, max - 7, max - 1, max] {
                try checkRecord(of: size, at: capacity - left, capacity: capacity)
            }
        }
    }

    /// Advances a new ring to `offset`, then passes a record and its successor through it.
    private func checkRecord(of size: Int, at offset: Int, capacity: Int) throws {
        let ends = try RingEnds(capacity: capacity)
        let memory = UnsafeMutableRawPointer(ends.ring.cells.records)
        try advance(ends, to: offset)
        let records = [Record(size, salt: 1), Record(min(size + 3, capacity / 4), salt: 2)]
        for record in records {
            let room = try #require(ends.claim(record.bytes.count))
            try expect(
                Int(bitPattern: room) & 7 == 0 && room >= memory
                    && room + record.bytes.count <= memory + capacity
            )
            room.copyMemory(from: record.bytes, byteCount: record.bytes.count)
            ends.publish()
            let found = try #require(ends.next())
            try expect(found.elementsEqual(record.bytes))
            try expect(ends.next() == nil)
            ends.release()
        }
        try expect(ends.ring.usedBytes == 0)
    }

    private func advance(_ ends: RingEnds, to offset: Int) throws {
        var left = offset
        if left % 16 == 8 {
            try skip(24, ends)
            left -= 24
        }
        while left > 0 {
            let size = min(left, ends.ring.recordBytesMax / 16 * 16)
            try skip(size, ends)
            left -= size
        }
    }

    private func skip(_ byteCount: Int, _ ends: RingEnds) throws {
        _ = try #require(ends.claim(byteCount - 8))
        ends.publish()
        _ = try #require(ends.next())
        ends.release()
    }

    /// A cheaper `#expect`, for hundreds of thousands of calls.
    private func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        if !condition { try #require(condition, sourceLocation: sourceLocation) }
    }

    private struct Record {
        let bytes: [UInt8]

        init(_ size: Int, salt: Int) {
            bytes = (0..<size).map { UInt8(truncatingIfNeeded: ($0 + salt) &* 167 &+ size) }
        }
    }
}
