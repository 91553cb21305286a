import Compression
import TestSupport
import Testing

@Suite struct FlushCheckTests {
    private func check(of crc32: UInt32) -> [UInt8] {
        (0..<FlushCheck.bytes).map { FlushCheck.byte($0, of: crc32) }
    }

    @Test(arguments: [0, 1, 0x8000_0000, 0xffff_ffff, 0x1234_5678] as [UInt32])
    func bitsComeBackAndNoOthersMatch(crc32: UInt32) {
        var collector = FlushCheck.Collector()
        // Empty blocks before the check are ignored.
        for head in [0, 8] as [UInt8] { collector.add(head) }
        for start in stride(from: 0, to: FlushCheck.bytes, by: FlushCheck.blockBytes) {
            #expect(!collector.matches(crc32) || crc32 == 0)
            collector.add(check(of: crc32)[start])
        }
        #expect(collector.matches(crc32))
        for bit in 0..<32 { #expect(!collector.matches(crc32 ^ 1 << UInt32(bit))) }
    }

    /// A complete check is recognised with any bit flipped, wherever the flush marker is; without
    /// its last byte it is not, whatever the flush's last byte of text was.
    @Test func aWholeOneIsSeenAndABegunOneIsNot() {
        let whole = GzipFraming.flushMarker + check(of: 0x1234_5678)
        #expect(isLikely(whole))
        for bit in 0..<(whole.count * 8) {
            var flipped = whole
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(isLikely(flipped), "bit \(bit)")
        }
        for text in UInt8.min ... .max {
            for count in 0..<whole.count {
                let begun = [text] + whole[..<count]
                let zeros = [UInt8](repeating: 0, count: 40)
                for tail in [begun, begun + zeros] {
                    let starts = tail.indices.filter { isLikely(Array(tail[$0...])) }
                    #expect(starts == [], "\(count) bytes behind \(text)")
                }
            }
        }
    }

    private func isLikely(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { FlushCheck.isLikely($0) }
    }

    @Test func itIsMadeOfEmptyStoredBlocks() {
        let bytes = check(of: 0xdead_beef)
        for start in stride(from: 0, to: bytes.count, by: FlushCheck.blockBytes) {
            #expect(bytes[start] & 7 == 0, "not the last block, and stored")
            #expect(Array(bytes[(start + 1)..<(start + 5)]) == GzipFraming.flushMarker)
        }
    }

    @Test(arguments: Setting.all)
    func everyFlushEndsWithIt(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 9_000)
        for outputBytes in [1, 34, 35, 36, 9_000] {
            var encoder = try GzipEncoder(engine: setting.engine, level: setting.level)
            for flush in [Flush.sync, .full] {
                let written = encode(
                    input[...],
                    flush: flush,
                    outputBytes: outputBytes,
                    with: &encoder
                )
                #expect(written.suffix(FlushCheck.bytes) == check(of: encoder.crc32)[...])
                #expect(decode(written).state != .ended)
            }
        }
    }
}
