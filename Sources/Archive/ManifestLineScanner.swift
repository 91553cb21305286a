import Glibc

/// Parses a manifest line in exactly the form that ``ManifestLine`` writes.
///
/// At the first deviation it stops and returns no entry.
package struct ManifestLineScanner {
    private var rest: UnsafeRawBufferPointer
    private var isRight = true

    package init(_ line: UnsafeRawBufferPointer) { rest = line }

    /// Whether a byte of UTF-8 is written as it is in a JSON string, here and by every coder.
    package static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Returns the entry of the line; nil for a line of another form, which may still be valid.
    package mutating func entry() -> ManifestEntry? {
        skip("{")
        let checkpoints = checkpoints()
        let compressedBytes = number(#""compressedBytes":"#)
        let crc32 = text(#","crc32":""#)
        let events = number(#","events":"#)
        let firstEventTime = optionalText(#","firstEventTime":""#)
        let firstReceivedAt = optionalText(#","firstReceivedAt":""#)
        let lastEventTime = optionalText(#","lastEventTime":""#)
        let lastReceivedAt = optionalText(#","lastReceivedAt":""#)
        let node = text(#","node":""#)
        let path = text(#","path":""#)
        let rawBytes = number(#","rawBytes":"#)
        let reason = ManifestEntry.Reason(rawValue: text(#","reason":""#))
        let run = text(#","run":""#)
        let sealedAt = text(#","sealedAt":""#)
        let sequences = sequences()
        let sha256 = text(#","sha256":""#)
        let version = number(#","version":"#)
        skip("}")
        guard isRight, rest.isEmpty, let reason else { return nil }
        var entry = ManifestEntry(
            path: path,
            node: node,
            run: run,
            reason: reason,
            events: events,
            rawBytes: rawBytes,
            compressedBytes: compressedBytes,
            crc32: crc32,
            sha256: sha256,
            firstReceivedAt: firstReceivedAt,
            lastReceivedAt: lastReceivedAt,
            firstEventTime: firstEventTime,
            lastEventTime: lastEventTime,
            sequences: sequences,
            sealedAt: sealedAt
        )
        entry.version = version
        entry.checkpoints = checkpoints
        return entry
    }

    private mutating func checkpoints() -> [ManifestEntry.Checkpoint]? {
        guard skipped(#""checkpoints":["#) else { return nil }
        var list: [ManifestEntry.Checkpoint] = []
        while !skipped("],") && isRight {
            if !list.isEmpty { skip(",") }
            let bytes = number(#"{"bytes":"#)
            let crc32 = text(#","crc32":""#)
            let rawBytes = number(#","rawBytes":"#)
            skip("}")
            list.append(.init(bytes: bytes, crc32: crc32, rawBytes: rawBytes))
        }
        return list
    }

    private mutating func sequences() -> [ManifestEntry.Sequence] {
        skip(#","sequences":["#)
        var list: [ManifestEntry.Sequence] = []
        while !skipped("]") && isRight {
            if !list.isEmpty { skip(",") }
            let events = number(#"{"events":"#)
            let first = unsigned(#","first":"#)
            let last = unsigned(#","last":"#)
            let run = text(#","run":""#)
            let source = text(#","source":""#)
            skip("}")
            list.append(.init(source: source, run: run, events: events, first: first, last: last))
        }
        return list
    }

    // MARK: - Pieces

    private mutating func skip(_ expected: StaticString) {
        if !skipped(expected) { isRight = false }
    }

    private mutating func skipped(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        guard isRight, rest.count >= count, let start = rest.baseAddress,
            memcmp(start, expected.utf8Start, count) == 0
        else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return true
    }

    private mutating func optionalText(_ key: StaticString) -> String? {
        skipped(key) ? text() : nil
    }

    private mutating func text(_ key: StaticString) -> String {
        skip(key)
        return isRight ? text() : ""
    }

    /// Reads up to and including the quote.
    private mutating func text() -> String {
        let count = rest.firstIndex { !Self.isPlain($0) } ?? rest.count
        guard count < rest.count, rest[count] == UInt8(ascii: "\""),
            let text = String(validating: rest[..<count], as: UTF8.self)
        else {
            isRight = false
            return ""
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[(count + 1)...])
        return text
    }

    private mutating func number(_ key: StaticString) -> Int {
        let value = Int(exactly: unsigned(key))
        isRight = isRight && value != nil
        return value ?? 0
    }

    /// Reads digits without a leading zero.
    private mutating func unsigned(_ key: StaticString) -> UInt64 {
        skip(key)
        var value: UInt64 = 0
        var count = 0
        while isRight, count < rest.count, case let digit = rest[count], digit >= 48, digit <= 57 {
            let (tens, isOver) = value.multipliedReportingOverflow(by: 10)
            let (sum, isFar) = tens.addingReportingOverflow(UInt64(digit - 48))
            isRight = !isOver && !isFar && (count == 0 || value > 0)
            value = sum
            count += 1
        }
        isRight = isRight && count > 0
        if isRight { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return value
    }
}
