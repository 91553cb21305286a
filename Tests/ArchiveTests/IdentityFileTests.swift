import Dedup
import SegmentSupport
import Simulation
import TestSupport
import Testing

@testable import Archive

@Suite struct IdentityFileTests {
    static let segment = SegmentSample.path
    static let path = Layout.identityPath(forSealed: segment)

    struct Entry: Equatable {
        var source: String
        var producer: String
        var seconds: UInt32
        var id: [UInt8]
        var content: UInt64

        init(
            _ source: String,
            _ seconds: UInt32,
            producer: String,
            identity: PackedIdentity,
            content: UInt64
        ) {
            self.source = source
            self.producer = producer
            self.seconds = seconds
            self.content = content
            id =
                identity.form == .uuid
                ? withUnsafeBytes(of: (identity.first, identity.second)) { Array($0) }
                : Array(identity.text)
        }
    }

    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        let padded = String(repeating: "0", count: 12 - digits.count) + digits
        return number % 3 == 0 ? "event \(number)" : "00112233-4455-6677-8899-\(padded)"
    }

    private static let shop: StaticString = "shop \"é\""

    /// The scope of an id: source 0, of no producer or of one, or source 1.
    private static func scope(_ number: Int) -> IdentityScope {
        if number % 5 == 0 { return IdentityScope(source: 1) }
        guard number % 3 == 1 else { return IdentityScope(source: 0) }
        let name = UnsafeRawBufferPointer(start: shop.utf8Start, count: shop.utf8CodeUnitCount)
        return IdentityScope(number: 9, source: 0, producer: name)
    }

    /// Fills a list with `count` ids of two sources, and returns its content.
    static func fill(_ list: inout IdentityList, _ numbers: Range<Int>) -> [Entry] {
        numbers.map { number in
            let seconds = UInt32(1_795_000_000 + number / 4)
            return Array(id(number).utf8).withUnsafeBytes { bytes in
                let identity = PackedIdentity(bytes)
                let scope = scope(number)
                let content = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
                list.add(
                    identity,
                    content: content,
                    scope: scope,
                    receivedAt: Int64(seconds) * 1_000_000
                )
                return Entry(
                    scope.source == 0 ? "a" : "b",
                    seconds,
                    producer: String(decoding: scope.producer, as: UTF8.self),
                    identity: identity,
                    content: content
                )
            }
        }
    }

    /// Writes a file of three parts; returns its content.
    static func write(to disk: SimulatedDisk, count: Int = 60) -> [Entry] {
        var list = IdentityList()
        defer { list.free() }
        var entries: [Entry] = []
        for part in 0..<3 {
            entries += fill(&list, part * count / 3..<(part + 1) * count / 3)
            let end = IdentityEnd(ids: list.ids, lastSeconds: list.lastSeconds)
            IdentityFile.append(
                IdentityPart(
                    segment: segment,
                    sources: part == 0 ? ["a", "b", "-"] : nil,
                    contentCheck: check,
                    entries: list.take(),
                    end: part == 2 ? end : nil
                ),
                in: disk
            )
        }
        return entries
    }

    /// The check of the key by which the contents count as hashed.
    static let check: UInt64 = 0xC0FF_EE00_0000_0001

    static func read(
        _ disk: SimulatedDisk,
        _ contents: IdentityFileReader.Contents = .of(check: check)
    ) throws -> (IdentityFileReader.Outcome, [Entry]) {
        var entries: [Entry] = []
        let outcome = try IdentityFileReader.read(path, in: disk, contents: contents) {
            entries.append(
                Entry(
                    $0.source,
                    $0.seconds,
                    producer: $0.producer,
                    identity: $0.identity,
                    content: $0.content
                )
            )
        }
        return (outcome, entries)
    }

    private static func whole(_ ids: Int, _ lastSeconds: UInt32) -> IdentityFileReader.Outcome {
        .whole(IdentityEnd(ids: ids, lastSeconds: lastSeconds), ["a", "b"])
    }

    @Test func givesBackWhatWasWritten() throws {
        let disk = SimulatedDisk()
        let written = Self.write(to: disk)
        let (outcome, entries) = try Self.read(disk)
        #expect(outcome == Self.whole(60, 1_795_000_014))
        #expect(entries == written)
    }

    /// A file cut anywhere does not count as whole, and returns only valid ids.
    @Test func noticesACutAtEveryByte() throws {
        let disk = SimulatedDisk()
        let written = Self.write(to: disk)
        let bytes = try #require(disk.files[Self.path])
        for count in bytes.indices {
            disk.put(Array(bytes[..<count]), at: Self.path)
            let (outcome, entries) = try Self.read(disk)
            guard case .damaged = outcome else {
                Issue.record("cut at \(count) of \(bytes.count): \(outcome)")
                continue
            }
            #expect(entries == Array(written.prefix(entries.count)))
        }
    }

    /// Every bit of every byte, and bytes after the end.
    @Test func noticesEveryFlippedBit() throws {
        let disk = SimulatedDisk()
        let written = Self.write(to: disk, count: 15)
        let bytes = try #require(disk.files[Self.path])
        for bit in 0..<bytes.count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            disk.put(flipped, at: Self.path)
            let (outcome, entries) = try Self.read(disk)
            guard case .damaged = outcome else {
                Issue.record("bit \(bit) of byte \(bit / 8): \(outcome)")
                continue
            }
            #expect(entries == Array(written.prefix(entries.count)))
        }
        disk.put(bytes + [0], at: Self.path)
        #expect(try Self.read(disk).0 != Self.whole(15, 1_795_000_003))
    }

    @Test func noticesAPartThatIsMissing() throws {
        let disk = SimulatedDisk()
        var list = IdentityList()
        defer { list.free() }
        _ = Self.fill(&list, 0..<10)
        let first = IdentityFile.bytes(
            IdentityPart(
                segment: Self.segment,
                sources: ["a", "b"],
                contentCheck: Self.check,
                entries: list.take()
            )
        )
        _ = Self.fill(&list, 10..<20)
        _ = list.take()
        let end = IdentityEnd(ids: list.ids, lastSeconds: list.lastSeconds)
        let last = IdentityFile.bytes(IdentityPart(segment: Self.segment, entries: [], end: end))
        disk.put(first + last, at: Self.path)
        let (outcome, _) = try Self.read(disk)
        #expect(outcome == .damaged("its end does not fit it"))
        disk.put(last, at: Self.path)
        #expect(try Self.read(disk).0 == .damaged("it does not begin like one"))
    }

    /// Hashes by another key prove nothing about an event.
    @Test func contentsOfAnotherKeyAreNotBelieved() throws {
        let disk = SimulatedDisk()
        let written = Self.write(to: disk)
        let (outcome, entries) = try Self.read(disk, .of(check: Self.check ^ 1))
        #expect(outcome == .otherKey && entries.isEmpty)
        let (again, ids) = try Self.read(disk, .unknown)
        #expect(again == Self.whole(60, 1_795_000_014))
        #expect(ids.map(\.id) == written.map(\.id) && ids.allSatisfy { $0.content == 0 })
    }

    /// A file as earlier versions wrote it: without hashes, and with the names of all sources.
    @Test func readsFilesOfVersion1() throws {
        func block(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] {
            let count = IdentityFile.number(UInt64(body.count), 4)
            let check = IdentityFile.checksum(count: count, kind: kind, body: body[...])
            return count + IdentityFile.number(UInt64(check), 4) + [kind] + body
        }
        let uuid = (0..<16).map { UInt8($0) }
        let entries: [UInt8] = [0, 1, 0, 9, 0, 0, 0, 1] + uuid + [2, 3, 0, 0x61, 0x62, 0x63]
        let end = IdentityFile.number(2, 8) + IdentityFile.number(9, 4)
        let bytes =
            Array("TPIDS".utf8) + [0, 0, 1] + block(0, Array("a\nb\n".utf8)) + block(1, entries)
            + block(2, end)
        let disk = SimulatedDisk()
        disk.put(bytes, at: Self.path)
        let (outcome, found) = try Self.read(disk)
        // For sources without an id it is unknown whether their ids were stored.
        #expect(outcome == .whole(IdentityEnd(ids: 2, lastSeconds: 9), ["b"]))
        #expect(found.map(\.id) == [uuid, Array("abc".utf8)])
        #expect(found.allSatisfy { $0.source == "b" && $0.seconds == 9 && $0.content == 0 })
    }

    @Test func aMillionUUIDsTakeTwentyFiveBytesEach() {
        var list = IdentityList()
        defer { list.free() }
        for number in 0..<100_000 {
            let identity = PackedIdentity(first: UInt64(number), second: 7)
            list.add(
                identity,
                content: 1,
                scope: IdentityScope(source: 0),
                receivedAt: Int64(number / 1_000) * 1_000_000
            )
        }
        #expect(list.take().count == 100_000 * 25 + 100 * 7)
    }
}
