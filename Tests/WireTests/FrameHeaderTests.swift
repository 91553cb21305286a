import TestSupport
import Testing

@testable import Wire

@Suite struct FrameHeaderTests {
    private func read(_ bytes: [UInt8]) -> FrameHeader.Reading {
        bytes.withUnsafeBytes { FrameHeader.read($0) }
    }

    @Test(arguments: [0, 1, 2, 127, 128, 254, 255, 256, 257, 65_535, 65_536, 1 << 31, 1 << 32])
    func writesTheShortestFormAndReadsItBack(count: Int) {
        for hasMore in [false, true] {
            for isCommand in [false, true] {
                let header = FrameHeader(bodyCount: count, hasMore: hasMore, isCommand: isCommand)
                #expect(header.byteCount == (count > 255 ? 9 : 2))
                #expect(header.frameByteCount == header.byteCount + count)
                var written = [UInt8](repeating: 0xEE, count: 10)
                written.withUnsafeMutableBytes { bytes in
                    if let start = bytes.baseAddress { header.write(to: start) }
                }
                let flags: UInt8 = (hasMore ? 1 : 0) + (count > 255 ? 2 : 0) + (isCommand ? 4 : 0)
                let length =
                    count > 255 ? WireSamples.bigEndian(UInt64(count)) : [UInt8(count)]
                #expect(written == [flags] + length + written.dropFirst(1 + length.count))
                #expect(written.dropFirst(header.byteCount).allSatisfy { $0 == 0xEE })
                #expect(read(written) == .header(header))
                #expect(header.hasMore == hasMore && header.isCommand == isCommand)
            }
        }
    }

    /// A short length may be written in the long form.
    @Test(arguments: [0, 1, 255]) func readsTheLongFormOfAShortLength(count: Int) {
        let reading = read([2] + WireSamples.bigEndian(UInt64(count)))
        #expect(reading == .header(FrameHeader(flags: 2, bodyCount: count)))
        guard case .header(let header) = reading else { return }
        #expect(header.byteCount == 9 && header.frameByteCount == 9 + count)
    }

    @Test func refusesReservedFlagsAtOnce() {
        for flags in UInt8.min...UInt8.max {
            let isReserved = flags >= 8
            #expect((read([flags, 0]) == .invalid) == isReserved, "flags \(flags)")
            #expect((read([flags, 0] + WireSamples.zeros(7)) == .invalid) == isReserved)
        }
    }

    @Test func refusesLengthsThatNoMemoryHas() {
        let most = UInt64(Int.max) / 2
        let accepted = read([2] + WireSamples.bigEndian(most))
        #expect(accepted == .header(FrameHeader(flags: 2, bodyCount: Int(most))))
        for count in [most + 1, 1 << 62, 1 << 63 - 1, 1 << 63, .max] {
            #expect(read([2] + WireSamples.bigEndian(count)) == .invalid, "\(count)")
        }
    }

    @Test func waitsForTheWholeHeader() {
        for count in 0..<2 { #expect(read(Array([0, 5].prefix(count))) == .incomplete) }
        let long = [2] + WireSamples.bigEndian(300)
        for count in 0..<9 { #expect(read(Array(long.prefix(count))) == .incomplete) }
        #expect(read(long) == .header(FrameHeader(bodyCount: 300)))
    }
}
