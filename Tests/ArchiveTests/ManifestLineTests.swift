import Foundation
import TestSupport
import Testing

@testable import Archive

/// The fast writing and reading of manifest lines, compared with Foundation's.
@Suite struct ManifestLineTests {
    private static func text(_ random: inout SeededGenerator) -> String {
        let odd = ["ü", "\"", "\\", "/", "\n", "\u{1}", "\u{7f}", "\u{2028}", "😀", ""]
        let plain = String(random.next() % 1_000_000, radix: 36)
        guard Int.random(in: 0..<30, using: &random) == 0 else { return plain }
        return plain + (odd.randomElement(using: &random) ?? "") + plain
    }

    private static func optionalText(_ random: inout SeededGenerator) -> String? {
        Bool.random(using: &random) ? text(&random) : nil
    }

    private static func number(_ random: inout SeededGenerator) -> Int {
        let numbers = [0, 1, 9, 10, 1_234, -1, .max, .min]
        return numbers.randomElement(using: &random) ?? 0
    }

    private static func entry(_ random: inout SeededGenerator) -> ManifestEntry {
        var entry = ManifestEntry(
            path: "events/channel=\(text(&random))/part-c1-0.ndjson.gz",
            node: text(&random),
            run: text(&random),
            reason: ManifestEntry.Reason.allCases.randomElement(using: &random) ?? .size,
            events: number(&random),
            rawBytes: number(&random),
            compressedBytes: number(&random),
            crc32: text(&random),
            sha256: text(&random),
            firstReceivedAt: optionalText(&random),
            lastReceivedAt: optionalText(&random),
            firstEventTime: optionalText(&random),
            lastEventTime: optionalText(&random),
            sequences: [],
            sealedAt: text(&random)
        )
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            entry.sequences.append(
                .init(
                    source: text(&random),
                    run: text(&random),
                    events: number(&random),
                    first: UInt64(bitPattern: Int64(number(&random))),
                    last: .max
                )
            )
        }
        if Bool.random(using: &random) {
            entry.checkpoints = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                .init(bytes: number(&random), crc32: text(&random), rawBytes: number(&random))
            }
        }
        return entry
    }

    private static func decoded(_ line: [UInt8]) -> ManifestEntry? {
        try? JSONDecoder().decode(ManifestEntry.self, from: Data(line))
    }

    @Test func linesAreWhatFoundationWritesAndReads() {
        var random = SeededGenerator(seed: 1)
        var quick = 0
        for _ in 0..<2_000 {
            let entry = Self.entry(&random)
            let line = ManifestLine.bytes(entry)
            #expect(line == ManifestLine.encoded(entry) + [0x0a])
            #expect(ManifestLine.entry(Array(line.dropLast())) == entry)
            line.dropLast().withUnsafeBytes { bytes in
                var scanner = ManifestLineScanner(bytes)
                if let read = scanner.entry() {
                    #expect(read == entry)
                    quick += 1
                }
            }
        }
        #expect(quick > 200 && quick < 1_800, "\(quick) lines were of the plain form")
    }

    /// A damaged line is invalid for both, or means the same to both.
    @Test func damagedLinesAreWhatFoundationTakesThemFor() {
        var random = SeededGenerator(seed: 2)
        var good = 0
        for _ in 0..<10_000 {
            var line = Array(ManifestLine.bytes(Self.entry(&random)).dropLast())
            for _ in 0..<Int.random(in: 1...2, using: &random) { Self.damage(&line, &random) }
            let read = ManifestLine.entry(line)
            #expect(read == Self.decoded(line), "\(String(decoding: line, as: UTF8.self))")
            good += read == nil ? 0 : 1
        }
        #expect(good > 500 && good < 9_500, "\(good) lines were still good")
    }

    private static func damage(_ line: inout [UInt8], _ random: inout SeededGenerator) {
        guard !line.isEmpty else { return }
        let at = Int.random(in: 0..<line.count, using: &random)
        let bytes = Array(#"{}[]",:0129-+.eE /\ tn"#.utf8) + [0x09, 0x0d, 0x00, 0xc3]
        switch Int.random(in: 0..<6, using: &random) {
        case 0: line[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: line[at] = bytes.randomElement(using: &random) ?? 0
        case 2: line.insert(bytes.randomElement(using: &random) ?? 0, at: at)
        case 3: line.remove(at: at)
        case 4: line.append(bytes.randomElement(using: &random) ?? 0)
        default: line.removeLast(line.count - at)
        }
    }
}
