import TestSupport
import Testing

@testable import Wire

@Suite struct PeerAddressTests {
    private func frames(_ address: borrowing PeerAddress) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = EnvelopeFrames(AddressParts(address.bytes).envelope)
        while let frame = rest.next() { frames.append(Array(frame)) }
        return frames
    }

    private func begun(_ id: [UInt8]) -> PeerAddress {
        var address = PeerAddress()
        let isBegun = id.withUnsafeBytes { address.begin($0) }
        #expect(isBegun)
        return address
    }

    private func add(
        _ count: Int,
        to address: inout PeerAddress
    ) -> PeerAddress.Addition {
        let frame = [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count)
        return frame.withUnsafeBytes { address.add($0) }
    }

    /// Adds a frame of `count` bytes, with the expected result.
    private func expect(
        _ expected: PeerAddress.Addition,
        _ count: Int,
        in address: inout PeerAddress
    ) {
        let addition = add(count, to: &address)
        #expect(addition == expected)
    }

    @Test func storesNameAndEnvelope() {
        var address = begun([1, 2, 3])
        #expect(Array(address.bytes) == [3, 1, 2, 3])
        expect(.added, 2, in: &address)
        expect(.added, 0, in: &address)
        #expect(Array(address.bytes) == [3, 1, 2, 3, 2, 2, 2, 0])
        #expect(address.routingID.elementsEqual([1, 2, 3]))
        #expect(frames(address) == [[2, 2], []])
        #expect(address.frameCount == 2)
    }

    @Test func hasRoomForEightFrames() {
        var address = begun([1])
        for _ in 0..<8 { expect(.added, 0, in: &address) }
        let full = Array(address.bytes)
        let hasRoom = address.hasRoom(for: 0)
        #expect(!hasRoom)
        expect(.refused, 0, in: &address)
        expect(.refused, 300, in: &address)
        #expect(Array(address.bytes) == full && address.frameCount == 8)
    }

    @Test func hasRoomForAKibibyteBesideTheLengths() {
        for idCount in [0, 1, 255] {
            var address = begun([UInt8](repeating: 7, count: idCount))
            for _ in 0..<4 { expect(.added, 255, in: &address) }
            #expect(address.hasRoom(for: 4) && !address.hasRoom(for: 5))
            expect(.refused, 5, in: &address)
            expect(.added, 4, in: &address)
            #expect(address.hasRoom(for: 0) && !address.hasRoom(for: 1))
            for _ in 0..<3 { expect(.added, 0, in: &address) }
            #expect(address.byteCount == 1 + idCount + 8 + 1_024)
            #expect(frames(address).map(\.count) == [255, 255, 255, 255, 4, 0, 0, 0])
        }
    }

    @Test func theLongestAddressFillsItsMemory() {
        var address = begun([UInt8](repeating: 7, count: 255))
        for _ in 0..<8 { expect(.added, 128, in: &address) }
        #expect(address.byteCount == PeerAddress.byteCountMax)
    }

    @Test func anEmptyFrameReplacesOneThatIsTooLong() {
        var address = begun([1])
        expect(.shortened, 256, in: &address)
        expect(.added, 255, in: &address)
        #expect(frames(address).map(\.count) == [0, 255])
    }

    @Test func restartKeepsTheName() {
        var address = begun([1, 2])
        for _ in 0..<8 { _ = add(100, to: &address) }
        address.restart()
        #expect(Array(address.bytes) == [2, 1, 2])
        #expect(address.frameCount == 0 && frames(address).isEmpty)
        expect(.added, 1, in: &address)
    }

    @Test func aNameLongerThanZeroMQsIsNeverCut() {
        var address = PeerAddress()
        let name = [UInt8](repeating: 7, count: 256)
        let isBegun = name.withUnsafeBytes { address.begin($0) }
        #expect(!isBegun && address.routingID.isEmpty)
        #expect(Array(address.bytes) == [0])
    }

    @Test func tellsWhetherANameIsRepeated() {
        var address = begun([1, 2])
        let names: [([UInt8], Bool)] = [
            ([1, 2], true), ([1, 3], false), ([1, 3], true), ([1], false),
        ]
        for (id, isRepeated) in names {
            let isBegun = id.withUnsafeBytes { address.begin($0) }
            #expect(isBegun)
            #expect(address.isRepeated == isRepeated)
        }
    }

    /// Whatever is added afterwards has the same result as without the copy.
    @Test(arguments: UInt64(1)...50) func restoresWhatItStored(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var address = begun([UInt8](repeating: 9, count: Int.random(in: 0...255, using: &random)))
        for _ in 0..<Int.random(in: 0...9, using: &random) {
            _ = add(Int.random(in: 0...300, using: &random), to: &address)
        }
        var other = begun([UInt8](repeating: 3, count: 100))
        _ = add(77, to: &other)
        other.restore(Array(address.bytes))
        #expect(other.bytes.elementsEqual(address.bytes))
        #expect(other.routingID.elementsEqual(address.routingID))
        #expect(other.frameCount == address.frameCount)
        for count in [0, 1, 100, 255, 256] {
            #expect(other.hasRoom(for: min(count, 255)) == address.hasRoom(for: min(count, 255)))
            let addition = add(count, to: &address)
            expect(addition, count, in: &other)
        }
        #expect(other.bytes.elementsEqual(address.bytes))
    }

    /// An address as no collector wrote it is read within its bytes.
    @Test func partsStayWithinTheBytes() {
        for bytes in [[], [5], [5, 1, 2], [2, 1, 2, 9], [0, 3, 1], [0, 0, 0]] as [[UInt8]] {
            bytes.withUnsafeBytes { bytes in
                let parts = AddressParts(bytes)
                #expect(parts.routingID.count + parts.envelope.count <= bytes.count)
                var rest = EnvelopeFrames(parts.envelope)
                var count = 0
                while rest.next() != nil { count += 1 }
                #expect(count == (bytes.elementsEqual([0, 0, 0]) ? 2 : 0))
            }
        }
    }
}
