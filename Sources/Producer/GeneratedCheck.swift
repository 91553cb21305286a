import Glibc

/// Checks a collector's files for the events of ``GeneratedEvents``.
///
/// One thread feeds it line by line and file by file. It needs one bit per event, up to the highest
/// sequence number of each producer. It checks only the generated part, not whether a line is valid
/// JSON.
package struct GeneratedCheck {
    private struct Key: Hashable { let run: UInt64; let producer: Int }
    fileprivate struct Track {
        var seen = SequenceSet()
        var duplicates = 0
        var orderViolations = 0
        var checksumErrors = 0
        var lastInFile = 0
    }

    /// A higher number is treated as damage: 2³¹ events per producer, 256 MiB.
    private static let sequenceMax = 1 << 31

    private var tracks: [Key: Track] = [:]
    private var otherEvents = 0
    private var damaged = 0

    package init() {}

    /// Starts another file; order is checked within a file only.
    package mutating func beginFile() {
        for key in tracks.keys { tracks[key]?.lastInFile = 0 }
    }

    /// Checks one line of a file, without its line break.
    package mutating func add(_ line: UnsafeRawBufferPointer) {
        var scanner = LineScanner(line)
        guard scanner.skip(past: #""generated":{"run":""#) else {
            otherEvents += 1
            return
        }
        guard let run = scanner.hex(digits: 16), scanner.accept(#"","producer":"#),
            let producer = scanner.decimal(), scanner.accept(#","sequence":"#),
            let sequence = scanner.decimal(), scanner.accept(#","crc32":""#),
            let checksum = scanner.hex(digits: 8), scanner.accept(#""},"properties":"#),
            sequence > 0, sequence <= Self.sequenceMax
        else {
            damaged += 1
            return
        }
        let isIntact = scanner.restBeforeClosingBrace.map { UInt64(CRC32.of($0)) == checksum }
        tracks[Key(run: run, producer: producer), default: Track()]
            .add(sequence, isIntact: isIntact ?? false)
    }

    /// Checks one line, as the other does.
    package mutating func add(_ line: some Sequence<UInt8>) {
        Array(line).withUnsafeBytes { add($0) }
    }

    /// Returns the result so far.
    ///
    /// - Parameter expected: the number of events that each producer sent; if nil, the highest
    ///   sequence number seen, which hides events lost at a producer's end.
    /// - Returns: the figures of each producer seen, and their sums.
    package func report(expected: Int? = nil) -> GeneratedReport {
        let producers = tracks.map { key, track in
            let expected = expected ?? track.seen.highest
            let text = String(key.run, radix: 16)
            return GeneratedReport.Producer(
                run: String(repeating: "0", count: 16 - text.count) + text,
                producer: key.producer,
                counts: GeneratedReport.Counts(
                    expected: expected,
                    seen: track.seen.count,
                    lost: expected - track.seen.count(upTo: expected),
                    duplicates: track.duplicates,
                    orderViolations: track.orderViolations,
                    checksumErrors: track.checksumErrors
                )
            )
        }
        return GeneratedReport(
            producers: producers.sorted { ($0.run, $0.producer) < ($1.run, $1.producer) },
            otherEvents: otherEvents,
            damaged: damaged
        )
    }
}

extension GeneratedCheck.Track {
    fileprivate mutating func add(_ sequence: Int, isIntact: Bool) {
        if !isIntact { checksumErrors += 1 }
        if !seen.insert(sequence) {
            duplicates += 1
        } else if sequence < lastInFile {
            orderViolations += 1
        }
        lastInFile = max(lastInFile, sequence)
    }
}

/// A set of numbers from 1, one bit each.
private struct SequenceSet {
    private var words: [UInt64] = []
    private(set) var count = 0
    private(set) var highest = 0

    /// Inserts `number`; returns whether it was new.
    mutating func insert(_ number: Int) -> Bool {
        let (word, bit) = (number >> 6, UInt64(1) << UInt64(number & 63))
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
        }
        guard words[word] & bit == 0 else { return false }
        words[word] |= bit
        count += 1
        highest = max(highest, number)
        return true
    }

    /// Returns the number of members up to `limit`.
    func count(upTo limit: Int) -> Int {
        guard limit < highest else { return count }
        guard limit > 0 else { return 0 }
        let whole = words[..<(limit >> 6)].reduce(0) { $0 + $1.nonzeroBitCount }
        let mask = (UInt64(2) << UInt64(limit & 63)) &- 1
        return whole + (words[limit >> 6] & mask).nonzeroBitCount
    }
}

/// Reads fixed text and numbers from a line, never beyond its end.
private struct LineScanner {
    private var rest: UnsafeRawBufferPointer

    init(_ line: UnsafeRawBufferPointer) { rest = line }

    /// The rest without the brace that closes the event; nil if there is none.
    var restBeforeClosingBrace: UnsafeRawBufferPointer? {
        guard rest.last == 0x7d else { return nil }
        return UnsafeRawBufferPointer(rebasing: rest.dropLast())
    }

    /// Continues after the next `text`, which must start with a quotation mark.
    mutating func skip(past text: StaticString) -> Bool {
        while let base = rest.baseAddress, let quote = memchr(base, 0x22, rest.count) {
            advance(UnsafeRawPointer(quote) - base)
            if accept(text) { return true }
            advance(1)
        }
        return false
    }

    mutating func accept(_ text: StaticString) -> Bool {
        guard let base = rest.baseAddress, rest.count >= text.utf8CodeUnitCount,
            memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
        else { return false }
        advance(text.utf8CodeUnitCount)
        return true
    }

    mutating func hex(digits: Int) -> UInt64? {
        guard rest.count >= digits else { return nil }
        let text = String(decoding: rest.prefix(digits), as: UTF8.self)
        guard let value = UInt64(text, radix: 16) else { return nil }
        advance(digits)
        return value
    }

    mutating func decimal() -> Int? {
        var value = 0
        var digits = 0
        for byte in rest.prefix(18) {
            guard byte >= 0x30, byte <= 0x39 else { break }
            value = value * 10 + Int(byte - 0x30)
            digits += 1
        }
        guard digits > 0 else { return nil }
        advance(digits)
        return value
    }

    private mutating func advance(_ count: Int) {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
}
