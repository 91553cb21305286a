import Compression
import Foundation
import TestSupport
import Testing

@Suite struct GzipEncoderTests {
    static let sizes = [0, 1, 2, 31, 32_767, 65_535, 65_536, 65_537, 300_000]

    @Test(arguments: Setting.all, CompressionSample.allCases)
    func roundTripsEverySize(setting: Setting, sample: CompressionSample) throws {
        for size in Self.sizes {
            let input = sample.bytes(count: size)
            var encoder = try setting.encoder()
            let written = encode(input[...], flush: .finish, with: &encoder)
            let read = decode(written)
            #expect(read.state == .ended, "\(size) bytes")
            #expect(read.consumed == written.count)
            #expect(read.output == input, "\(size) bytes")
            #expect(encoder.rawBytes == UInt64(size))
            #expect(encoder.compressedBytes == UInt64(written.count))
            #expect(encoder.crc32 == checksum(input))
            #expect(read.crc32 == checksum(input))
        }
    }

    @Test(arguments: Setting.some)
    func zcatAndGzipAndPythonReadIt(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 3_500_001)
        var encoder = try setting.encoder()
        var written: [UInt8] = []
        for start in stride(from: 0, to: input.count, by: 700_000) {
            let part = input[start..<min(start + 700_000, input.count)]
            written += encode(part, flush: start % 1_400_000 == 0 ? .sync : .full, with: &encoder)
        }
        written += encode([], flush: .finish, with: &encoder)
        #expect(try runProgram("/usr/bin/gzip", ["-t"], input: written).exitCode == 0)
        #expect(try runProgram("/usr/bin/zcat", [], input: written).standardOutput == input)
        let python = try runProgram(
            "/usr/bin/env",
            [
                "python3", "-c",
                "import gzip,sys;sys.stdout.buffer.write(gzip.open(sys.stdin.buffer).read())",
            ],
            input: written
        )
        #expect(python.standardOutput == input, "\(python.standardError)")
    }

    @Test(arguments: Setting.all)
    func randomFlushesAndOutputsRoundTrip(setting: Setting) throws {
        for seed in UInt64(1)...12 {
            var random = SeededGenerator(seed: seed)
            let sample = CompressionSample.allCases.randomElement(using: &random) ?? .events
            let input = sample.bytes(count: Int.random(in: 0...200_000, using: &random), seed: seed)
            var encoder = try setting.encoder()
            var written: [UInt8] = []
            var offset = 0
            while offset < input.count {
                let count = Int.random(in: 0...20_000, using: &random)
                let end = min(input.count, offset + count)
                let flush = [Flush.none, .sync, .full].randomElement(using: &random) ?? .none
                written += encode(
                    input[offset..<end],
                    flush: flush,
                    outputBytes: Int.random(
                        in: 1...(random.next() % 2 == 0 ? 20 : 9000),
                        using: &random
                    ),
                    with: &encoder
                )
                offset = end
                if flush != .none {
                    #expect(decode(written).output.count == offset, "seed \(seed)")
                    #expect(encoder.crc32 == checksum(Array(input[..<offset])), "seed \(seed)")
                }
            }
            written += encode([], flush: .finish, with: &encoder)
            let read = decode(written)
            #expect(read.state == .ended, "seed \(seed)")
            #expect(read.output == input, "seed \(seed)")
        }
    }

    @Test(arguments: Setting.some)
    func tinyOutputsGiveTheSameRawBytes(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 20_000)
        for outputBytes in [1, 2, 3, 7, 8, 9, 255, 256, 257] {
            var encoder = try setting.encoder()
            var written = encode(
                input[..<9000],
                flush: .sync,
                outputBytes: outputBytes,
                with: &encoder
            )
            #expect(written.suffix(4) == GzipFraming.flushMarker[...], "\(outputBytes)")
            #expect(decode(written).output == Array(input[..<9000]), "\(outputBytes)")
            written += encode(
                input[9000...],
                flush: .full,
                outputBytes: outputBytes,
                with: &encoder
            )
            #expect(written.suffix(4) == GzipFraming.flushMarker[...], "\(outputBytes)")
            written += encode([], flush: .finish, outputBytes: outputBytes, with: &encoder)
            #expect(decode(written).output == input, "\(outputBytes)")
            #expect(decode(written).state == .ended, "\(outputBytes)")
        }
    }

    @Test(arguments: Setting.all)
    func anythingWrittenBeforeASyncFlushCanBeInflated(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 100_000)
        var encoder = try setting.encoder()
        var written: [UInt8] = []
        for start in stride(from: 0, to: input.count, by: 465) {
            let end = min(start + 465, input.count)
            written += encode(input[start..<end], flush: .sync, with: &encoder)
            #expect(written.suffix(4) == GzipFraming.flushMarker[...])
            let read = decode(written)
            #expect(read.output.count == end)
            #expect(read.state == .needsInput)
        }
    }

    @Test(arguments: Setting.all)
    func rawInflateStartsBehindAFullFlush(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 90_000)
        var encoder = try setting.encoder()
        let head = encode(input[..<40_000], flush: .full, with: &encoder)
        let tail = encode(input[40_000...], flush: .finish, with: &encoder)
        let read = decode(tail, format: .raw)
        #expect(read.output == Array(input[40_000...]))
        #expect(read.state == .ended)
        #expect(read.crc32 == checksum(Array(input[40_000...])))
        #expect(decode(head + tail).output == input)
    }

    @Test(arguments: Setting.all)
    func flushesInARowWriteNothingNew(setting: Setting) throws {
        var encoder = try setting.encoder()
        var written = encode([], flush: .sync, with: &encoder)
        #expect(decode(written).state == .needsInput)
        #expect(encode([], flush: .sync, with: &encoder).isEmpty)
        written += encode(Array("a\n".utf8)[...], flush: .sync, with: &encoder)
        #expect(encode([], flush: .sync, with: &encoder).isEmpty)
        written += encode([], flush: .full, with: &encoder)
        #expect(encode([], flush: .full, with: &encoder).isEmpty)
        #expect(encode([], flush: .sync, with: &encoder).isEmpty)
        #expect(encode([], flush: .none, with: &encoder).isEmpty)
        written += encode(Array("b\n".utf8)[...], flush: .none, with: &encoder)
        written += encode([], flush: .finish, with: &encoder)
        #expect(encode([], flush: .finish, with: &encoder).isEmpty)
        #expect(decode(written).output == Array("a\nb\n".utf8))
        #expect(decode(written).state == .ended)
    }

    @Test(arguments: Setting.all)
    func sameInputGivesSameBytes(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 70_000)
        let first = try gzip(input, setting)
        #expect(try gzip(input, setting) == first)
        #expect(first[4..<8] == [0, 0, 0, 0], "the header carries no time")
    }

    @Test(arguments: Setting.some)
    func noRoomMeansNoProgress(setting: Setting) throws {
        var encoder = try setting.encoder()
        let nowhere = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let step = [UInt8](repeating: 1, count: 10).withUnsafeBytes {
            encoder.step($0, flush: .sync, into: nowhere)
        }
        #expect(step == Step(consumed: 0, produced: 0, isComplete: false))
    }

    @Test(arguments: Setting.some)
    func cutStreamsEndByHand(setting: Setting) throws {
        let input = CompressionSample.events.bytes(count: 50_000)
        var encoder = try setting.encoder()
        var written = encode(input[...], flush: .sync, with: &encoder)
        let ending = GzipFraming.ending(crc32: encoder.crc32, rawBytes: encoder.rawBytes)
        #expect(ending.count == GzipFraming.endingBytes)
        written += ending
        #expect(decode(written).state == .ended)
        #expect(try runProgram("/usr/bin/zcat", [], input: written).standardOutput == input)
    }

    @Test func streamsGiveBackTheirMemory() throws {
        func residentPages() throws -> Int {
            let text = try runProgram(
                "/bin/cat",
                ["/proc/\(ProcessInfo.processInfo.processIdentifier)/statm"]
            ).standardOutput
            let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
            return try #require(Int(fields[1]))
        }
        func churn(_ rounds: Int) throws {
            let input = CompressionSample.events.bytes(count: 1000)
            for setting in Setting.some {
                for _ in 0..<rounds { _ = try gzip(input, setting) }
            }
        }
        try churn(50)
        let before = try residentPages()
        try churn(300)
        // 1200 streams of at least 168 KiB would use 200 MB.
        #expect(try residentPages() - before < 16_000, "pages of 4 KiB")
    }

    @Test func streamsCostWhatTheDesignSays() throws {
        for (streams, kibibytes) in [(1, 148), (32, 148), (33, 52), (256, 52), (257, 36)] {
            let isal = try GzipEncoder(engine: .isal, level: 1, among: streams)
            #expect(isal.memoryBytes == 82_384 + kibibytes << 10, "one of \(streams)")
        }
        let zlib = try GzipEncoder(engine: .zlib, level: 6)
        #expect((268_000...270_000).contains(zlib.memoryBytes))
    }
}
