import FoundationEssentials

/// A manifest line: JSON without spaces, its keys in alphabetical order.
///
///     {"compressedBytes":310,"crc32":"0f3b…","events":3,…,"sha256":"9a41…","version":1}
///
/// Lines of this form without escapes in their strings, which are nearly all that there are, are read
/// and written here; Foundation's coders, which are some thirty times slower, take the rest, so that
/// both ways give the same.
package enum ManifestLine {
    /// The entry as a line, with its line feed.
    package static func bytes(_ entry: ManifestEntry) -> [UInt8] {
        var writer = ManifestLineWriter()
        writer.write(entry)
        return (writer.isPlain ? writer.bytes : encoded(entry)) + [UInt8(ascii: "\n")]
    }

    /// The entry that a line without its line feed stands for; nil when it is none, as a crash leaves
    /// one.
    package static func entry(_ line: UnsafeRawBufferPointer) -> ManifestEntry? {
        var scanner = ManifestLineScanner(line)
        if let entry = scanner.entry() { return entry }
        // A line that was torn lacks its end; to see that needs no decoder.
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

/// Writes an entry, as long as nothing in it needs an escape.
private struct ManifestLineWriter {
    private(set) var bytes: [UInt8] = []
    /// False once a string had something that needs an escape.
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

    /// A key and a string; neither when there is none.
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
