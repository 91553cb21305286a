import FoundationEssentials

/// The text of a manifest line: JSON without spaces, with keys in alphabetical order.
///
///     {"compressedBytes":310,"crc32":"0f3b…","events":3,…,"sha256":"9a41…","version":1}
///
/// Nearly all lines have this form without escapes in their strings and are read and written here.
/// Foundation's coders, some thirty times slower, handle the rest. Both return the same results.
package enum ManifestLine {
    /// Returns the entry as a line, with its line feed.
    package static func bytes(_ entry: ManifestEntry) -> [UInt8] {
        var writer = ManifestLineWriter()
        writer.write(entry)
        return (writer.isPlain ? writer.bytes : encoded(entry)) + [UInt8(ascii: "\n")]
    }

    /// Returns the entry of a line without its line feed; nil if the line is invalid, as after a
    /// crash.
    package static func entry(_ line: UnsafeRawBufferPointer) -> ManifestEntry? {
        var scanner = ManifestLineScanner(line)
        if let entry = scanner.entry() { return entry }
        // A torn line lacks its end, which is visible without a decoder.
        guard line.last(where: { !isSpace($0) }) == UInt8(ascii: "}") else { return nil }
        return try? JSONDecoder().decode(ManifestEntry.self, from: Data(line))
    }

    package static func entry(_ line: [UInt8]) -> ManifestEntry? {
        line.withUnsafeBytes { entry($0) }
    }

    package static func encoded(_ entry: ManifestEntry) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(entry) else {
            preconditionFailure("a manifest entry of strings and numbers always encodes")
        }
        return Array(json)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}

/// Writes an entry, if nothing in it needs an escape.
private struct ManifestLineWriter {
    private(set) var bytes: [UInt8] = []
    /// False if a string needed an escape.
    private(set) var isPlain = true

    mutating func write(_ entry: ManifestEntry) {
        bytes.reserveCapacity(640)
        add("{")
        if let checkpoints = entry.checkpoints { write(checkpoints) }
        number(#""compressedBytes":"#, entry.compressedBytes)
        text(#","crc32":""#, entry.crc32)
        number(#","events":"#, entry.events)
        text(#","firstEventTime":""#, entry.firstEventTime)
        text(#","firstReceivedAt":""#, entry.firstReceivedAt)
        text(#","lastEventTime":""#, entry.lastEventTime)
        text(#","lastReceivedAt":""#, entry.lastReceivedAt)
        text(#","node":""#, entry.node)
        text(#","path":""#, entry.path)
        number(#","rawBytes":"#, entry.rawBytes)
        text(#","reason":""#, entry.reason.rawValue)
        text(#","run":""#, entry.run)
        text(#","sealedAt":""#, entry.sealedAt)
        write(entry.sequences)
        text(#","sha256":""#, entry.sha256)
        number(#","version":"#, entry.version)
        add("}")
    }

    private mutating func write(_ checkpoints: [ManifestEntry.Checkpoint]) {
        add(#""checkpoints":["#)
        for (index, checkpoint) in checkpoints.enumerated() {
            number(index == 0 ? #"{"bytes":"# : #",{"bytes":"#, checkpoint.bytes)
            text(#","crc32":""#, checkpoint.crc32)
            number(#","rawBytes":"#, checkpoint.rawBytes)
            add("}")
        }
        add("],")
    }

    private mutating func write(_ sequences: [ManifestEntry.Sequence]) {
        add(#","sequences":["#)
        for (index, sequence) in sequences.enumerated() {
            number(index == 0 ? #"{"events":"# : #",{"events":"#, sequence.events)
            number(#","first":"#, sequence.first)
            number(#","last":"#, sequence.last)
            text(#","run":""#, sequence.run)
            text(#","source":""#, sequence.source)
            add("}")
        }
        add("]")
    }

    private mutating func add(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    /// Writes a key and a string; nothing if the string is nil.
    private mutating func text(_ key: StaticString, _ value: String?) {
        guard let value else { return }
        add(key)
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        isPlain = isPlain && bytes[start...].allSatisfy(ManifestLineScanner.isPlain)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func number(_ key: StaticString, _ value: some BinaryInteger) {
        add(key)
        bytes.append(contentsOf: String(value).utf8)
    }
}
