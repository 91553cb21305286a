import CSimdJSON

/// A line as it stands in the files: the collector's metadata and what the manifest wants to know.
///
/// Buffers point into the line that was read.
package struct WrittenLine {
    /// Microseconds since 1970 UTC.
    package var receivedAt: Int64 = 0
    package var node = UnsafeRawBufferPointer(start: nil, count: 0)
    package var source = UnsafeRawBufferPointer(start: nil, count: 0)
    package var run = UnsafeRawBufferPointer(start: nil, count: 0)
    package var sequence: UInt64 = 0
    /// The event's own time, microseconds since 1970 UTC, where it has one that can be read.
    package var eventTime: Int64?
    /// `messageId` or `id`; empty when absent.
    package var id = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether ``id`` is the `messageId`.
    package var isMessageID = false
    /// `channel` or `context.channel`; empty when absent.
    package var channel = UnsafeRawBufferPointer(start: nil, count: 0)

    package init() {}
}

/// Reads lines back as recovery, verify and cat need them: strict JSON whose first member is the
/// collector's metadata in the form ``EventSplicer`` writes.
///
/// One thread at a time.
package struct WrittenLineReader: ~Copyable {
    /// One more level than any configuration allows an event, for the metadata around it.
    private var reader = EventReader(depthMax: 1_026)
    /// Where the metadata stands in every line: behind `{"_touchpoint":`.
    private static let metadataStart = 15

    package init() {}

    /// Reads one line without its line feed; false when it is not such a line.
    package mutating func read(
        _ line: UnsafeRawBufferPointer,
        into written: inout WrittenLine
    ) -> Bool {
        guard reader.index(line) == CSIMDJSON_OK, reader.next() == CSIMDJSON_OK,
            reader.found.object.length == line.count, reader.found.has_reserved_key,
            reader.found.reserved.start == Self.metadataStart
        else { return false }
        var scanner = MetadataScanner(rest: reader.slice(reader.found.reserved))
        guard scanner.skip(#"{"receivedAt":""#),
            let receivedAt = Timestamp.parse(scanner.take(Timestamp.byteCount)),
            scanner.skip(#"","node":""#), let node = scanner.takeUntilQuote(),
            scanner.skip(#"","source":""#), let source = scanner.takeUntilQuote(),
            scanner.skip(#"","seq":"#), let sequence = scanner.takeNumber(),
            scanner.skip(#","run":""#), let run = scanner.takeUntilQuote(), scanner.skip(#""}"#),
            scanner.rest.isEmpty
        else { return false }
        written.receivedAt = receivedAt
        written.node = node
        written.source = source
        written.sequence = sequence
        written.run = run
        written.eventTime = Timestamp.parse(UnsafeRawBufferPointer(reader.found.time))
        written.id = UnsafeRawBufferPointer(reader.found.id)
        written.isMessageID = reader.found.id_is_message_id
        written.channel = UnsafeRawBufferPointer(reader.found.channel)
        return true
    }
}

/// Steps through metadata of our own writing.
private struct MetadataScanner {
    var rest: UnsafeRawBufferPointer

    mutating func skip(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        let text = UnsafeRawBufferPointer(start: expected.utf8Start, count: count)
        return take(count).elementsEqual(text)
    }

    /// The next `count` bytes, or all that is left.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    mutating func takeUntilQuote() -> UnsafeRawBufferPointer? {
        guard let quote = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return take(quote - rest.startIndex)
    }

    mutating func takeNumber() -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        for byte in rest.prefix(20) {
            guard byte >= 48, byte <= 57 else { break }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(UInt64(byte - 48))
            if overflow || more { return nil }
            value = sum
            count += 1
        }
        _ = take(count)
        return count > 0 ? value : nil
    }
}
