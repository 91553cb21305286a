import Archive
import Compression
import Disk
import Inspection
import Recovery
import TestSupport

/// Damages single files in all the ways that one byte offset or one bit allows, and checks the
/// results of recovery and verify.
package struct DamageExplorer {
    /// The numbers of damages and results.
    package struct Counts: Sendable {
        package var tails = 0
        package var openFlips = 0
        /// Flips in open files: reported as damage, or without effect on the events.
        package var reported = 0
        package var harmless = 0
        package var sealedFlips = 0

        package init() {}

        package mutating func add(_ other: Counts) {
            tails += other.tails
            openFlips += other.openFlips
            reported += other.reported
            harmless += other.harmless
            sealedFlips += other.sealedFlips
        }
    }

    /// Bits flipped in one file, each alone.
    private static let flipsPerFile = 100

    private enum Tail: CaseIterable {
        case cut, zeros, garbage
    }

    package private(set) var counts = Counts()
    package private(set) var violation: String?
    private var random: SeededGenerator

    package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Cuts a file at every byte, followed by nothing, zeros or garbage.
    package mutating func tearTails() {
        let segment = WrittenSegment(using: &random)
        for offset in 0...segment.bytes.count where violation == nil {
            for tail in Tail.allCases { tear(segment, at: offset, tail) }
        }
    }

    private mutating func tear(_ segment: WrittenSegment, at offset: Int, _ tail: Tail) {
        counts.tails += 1
        var bytes = Array(segment.bytes[..<offset])
        let junk = Int.random(in: 1...700, using: &random)
        switch tail {
        case .cut: break
        case .zeros: bytes += [UInt8](repeating: 0, count: junk)
        case .garbage: for _ in 0..<junk { bytes.append(random.staleByte()) }
        }
        let outcome = recover(bytes)
        // The garbage may begin with the original bytes.
        let same = zip(bytes, segment.bytes).prefix { $0 == $1 }.count
        let committed = segment.committed(before: same)
        let isRight = outcome.lines == Array(segment.lines[..<committed])
        if !isRight || outcome.isDamaged && tail != .garbage {
            violation =
                "\(tail) at byte \(offset) of \(segment.bytes.count): "
                + "\(outcome.lines.count) of \(committed) events, \(outcome.text)"
        }
    }

    /// Flips bits of an open file, a random one each time.
    package mutating func flipOpen() {
        let segment = WrittenSegment(using: &random)
        // Only committed bytes: the rest is not guaranteed.
        let end = segment.commits.last?.offset ?? 0
        for _ in 0..<Self.flipsPerFile where violation == nil {
            let index = Int.random(in: 0..<end, using: &random)
            flipOpen(segment, at: index, bit: UInt8.random(in: 0..<8, using: &random))
        }
    }

    private mutating func flipOpen(_ segment: WrittenSegment, at index: Int, bit: UInt8) {
        counts.openFlips += 1
        var bytes = segment.bytes
        bytes[index] ^= 1 << bit
        let outcome = recover(bytes)
        let all = segment.committed(before: segment.bytes.count)
        let before = segment.committed(before: index)
        let isPrefix = segment.lines.starts(with: outcome.lines)
        let isWhole = isPrefix && outcome.lines.count == all
        let isKept = outcome.isDamaged && outcome.aside == bytes
        if isWhole && !outcome.isDamaged {
            counts.harmless += 1
        } else if isPrefix && outcome.lines.count >= before && isKept {
            counts.reported += 1
        } else {
            violation =
                "bit \(bit) of byte \(index) of \(segment.bytes.count): "
                + "\(outcome.lines.count) of \(before)/\(all) events, \(outcome.text)"
        }
    }

    /// Flips bits of a sealed file; verify must detect each.
    package mutating func flipSealed() {
        let segment = WrittenSegment(using: &random)
        let disk = SimulatedDisk()
        disk.state.put(segment.finished, at: WrittenSegment.openPath)
        _ = try? SimulatedRecovery.run(disk, at: 1_795_341_600_000_000, nil)
        for _ in 0..<Self.flipsPerFile where violation == nil {
            counts.sealedFlips += 1
            var bytes = segment.finished
            let index = Int.random(in: 0..<bytes.count, using: &random)
            bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let copy = SimulatedDisk(disk.state)
            copy.state.replace(WrittenSegment.sealedPath, with: bytes)
            if (try? Verify.run(copy))?.exitCode != 65 {
                violation = "verify does not see a flip in byte \(index) of a sealed file"
            }
        }
    }

    // MARK: - One recovery

    private struct Outcome {
        var lines: [[UInt8]] = []
        var isDamaged = false
        /// The bytes that were set aside.
        var aside: [UInt8]?
        var text = ""
    }

    private func recover(_ bytes: [UInt8]) -> Outcome {
        let disk = SimulatedDisk()
        disk.state.put(bytes, at: WrittenSegment.openPath)
        var outcome = Outcome()
        do throws(FileSystemError) {
            let report = try SimulatedRecovery.run(disk, at: 1_795_341_600_000_000, nil)
            outcome.isDamaged = report.hasDamage
            outcome.text = report.files.map { "\($0.outcome) \($0.reason)" }.joined()
        } catch {
            outcome.text = "recovery failed: \(error)"
        }
        let files = disk.state.contents
        outcome.aside = files[Layout.damagedPath(forSealed: WrittenSegment.sealedPath)]
        if let sealed = files[WrittenSegment.sealedPath] { outcome.lines = Self.lines(sealed) }
        if files.keys.contains(WrittenSegment.openPath) { outcome.text += "; still open" }
        return outcome
    }

    /// Returns the lines of a complete gzip file; for any other an invalid line.
    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        var inflater = Inflater()
        var buffer = GrowableBuffer()
        let result = bytes.withUnsafeBytes { inflater.inflate($0, into: &buffer, limit: 1 << 30) }
        guard case .ok = result else { return [Array("no gzip file".utf8)] }
        return buffer.bytes.split(separator: 0x0a).map { Array($0) }
    }
}
