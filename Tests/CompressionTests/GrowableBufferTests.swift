import Compression
import Testing

@Suite struct GrowableBufferTests {
    @Test func growsAndKeepsWhatIsFilled() {
        var buffer = GrowableBuffer()
        var expected: [UInt8] = []
        for round in UInt8(0)..<200 {
            let part = [UInt8](repeating: round, count: Int(round))
            part.withUnsafeBytes { buffer.append($0) }
            expected += part
        }
        #expect(Array(buffer.bytes) == expected)
        buffer.removeFirst(100)
        #expect(Array(buffer.bytes) == Array(expected.dropFirst(100)))
        buffer.removeAll()
        #expect(buffer.count == 0)
        #expect(buffer.room.count == buffer.capacity)
    }
}
