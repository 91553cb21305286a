import Compression
import TestSupport
import Testing

@Suite struct GzipDecoderTests {
    /// Offsets and raw byte counts of every aligned boundary.
    private func alignedBoundaries(of input: [UInt8]) -> [(offset: Int, raw: UInt64)] {
        var decoder = GzipDecoder(stopsAtBlocks: true)
        var boundaries: [(Int, UInt64)] = []
        var chunk = [UInt8](repeating: 0, count: 1000)
        var offset = 0
        while true {
            let result = input[offset...].withUnsafeBytes { input in
                chunk.withUnsafeMutableBytes { decoder.step(input, into: $0) }
            }
            offset += result.consumed
            switch result.state {
            case .blockBoundary(isAligned: true): boundaries.append((offset, decoder.rawBytes))
            case .blockBoundary, .needsOutput: continue
            case .needsInput, .ended, .failed: return boundaries
            }
        }
    }

    @Test(arguments: Setting.all)
    func stopsAtEveryFlushPoint(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 60_000)
        var encoder = try GzipEncoder(engine: setting.engine, level: setting.level)
        var written: [UInt8] = []
        var flushed: [Int: UInt64] = [GzipFraming.headerBytes: 0]
        for start in stride(from: 0, to: input.count, by: 1500) {
            written += encode(input[start..<start + 1500], flush: .sync, with: &encoder)
            flushed[written.count] = UInt64(start + 1500)
        }
        let seen = Dictionary(alignedBoundaries(of: written), uniquingKeysWith: max)
        for (offset, raw) in flushed { #expect(seen[offset] == raw, "at byte \(offset)") }
    }

    @Test(arguments: Setting.some)
    func everyCutGivesAPrefix(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 2000)
        var encoder = try GzipEncoder(engine: setting.engine, level: setting.level)
        var written = encode(input[..<1000], flush: .sync, with: &encoder)
        written += encode(input[1000...], flush: .finish, with: &encoder)
        for cut in 0..<written.count {
            let read = decode(Array(written[..<cut]))
            #expect(read.state == .needsInput, "cut at \(cut)")
            #expect(input.starts(with: read.output), "cut at \(cut)")
        }
    }

    @Test(arguments: Setting.some)
    func aFlippedBitNeverGivesOtherBytes(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 700)
        let written = try gzip(input, setting)
        // Gzip checks neither time, compressor and system (bytes 4 to 9) nor the bits that pad the
        // last byte before the trailer: those flips go unnoticed, with the original bytes.
        var passed = 0
        for index in written.indices.dropFirst(10) {
            for bit in 0..<8 {
                var damaged = written
                damaged[index] ^= 1 << bit
                let read = decode(damaged)
                guard read.state == .ended else { continue }
                passed += 1
                #expect(read.output == input, "bit \(bit) of byte \(index)")
            }
        }
        #expect(passed < 8, "only the fill of one byte")
    }

    @Test func smallOutputsGiveTheSame() throws {
        let input = CompressionSample.events.bytes(count: 5000)
        let written = try gzip(input, Setting(engine: .isal, level: 1))
        for outputBytes in [1, 2, 3, 100] {
            let read = decode(written, outputBytes: outputBytes)
            #expect(read.output == input)
            #expect(read.state == .ended)
            #expect(read.crc32 == checksum(input))
        }
    }

    @Test func failsOnceAndForAll() {
        var decoder = GzipDecoder()
        var room = [UInt8](repeating: 0, count: 100)
        for _ in 0..<2 {
            let result = Array("this is no gzip".utf8).withUnsafeBytes { input in
                room.withUnsafeMutableBytes { decoder.step(input, into: $0) }
            }
            #expect(result.state == .failed(reason: "incorrect header check"))
        }
    }
}
