import CSimdJSON
import Platform

/// A line as stored in the files: the collector's metadata and the fields that the manifest needs.
///
/// Buffers point into the line that was read.
package struct WrittenLine {
    /// Microseconds since 1970 UTC.
    package var receivedAt: Int64 = 0
    package var node = UnsafeRawBufferPointer(start: nil, count: 0)
    package var source = UnsafeRawBufferPointer(start: nil, count: 0)
    package var run = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The name of the producer's key, as JSON text without its quotes; empty if it had none.
    package var producer = UnsafeRawBufferPointer(start: nil, count: 0)
    package var sequence: UInt64 = 0
    /// The event's own time, microseconds since 1970 UTC; nil if absent or invalid.
    package var eventTime: Int64?
    /// What a profile says, else `messageId` or `id`; empty when absent.
    package var id = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether copies are recognised by ``id``: it is not just the `id`.
    package var isMessageID = false
    /// Whether a copy may have other content.
    package var isIDEnough = false
    /// The channel that the collector resolved; in lines of older versions `channel` or
    /// `context.channel`; empty if absent.
    package var channel = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The event's text except `sentAt`, as ``EventContent`` defines it: the text before that
    /// member, and after it.
    var content = UnsafeRawBufferPointer(start: nil, count: 0)
    var contentBehindSentAt = UnsafeRawBufferPointer(start: nil, count: 0)

    package init() {}

    /// The name of the producer's key; empty if it had none.
    package var producerName: String {
        guard !producer.isEmpty else { return "" }
        return withUnsafeTemporaryAllocation(byteCount: producer.count, alignment: 1) { room in
            JSONText.unescape(producer, to: room).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }
}

/// Reads lines for recovery, verify and cat: strict JSON whose first member is the collector's
/// metadata in the form that ``EventSplicer`` writes, or wrote in earlier versions.
///
/// It skips metadata that it does not know.
///
/// One thread at a time.
package struct WrittenLineReader: ~Copyable {
    /// One more level than any configuration allows for an event, for the metadata around it.
    private var reader = EventReader(depthMax: 1_026)
    /// The offset of the metadata in every line: after `{"_touchpoint":`.
    private static let metadataStart = 15
    /// Scratch for a channel whose text has escapes.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 6 * ResolvedEvent.textBytesMax,
        alignment: 1
    )
    /// The same for an identity.
    private let identityScratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 6 * ResolvedEvent.textBytesMax,
        alignment: 1
    )

    package init() {}

    deinit {
        scratch.deallocate()
        identityScratch.deallocate()
    }

    /// Reads one line without its line feed; returns false if it is not such a line.
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
            scanner.skip(#","run":""#), let run = scanner.takeUntilQuote(), scanner.skip("\"")
        else { return false }
        written.channel = UnsafeRawBufferPointer(reader.found.channel)
        written.producer = UnsafeRawBufferPointer(start: nil, count: 0)
        written.eventTime = Timestamp.parse(reader.time)
        written.id = UnsafeRawBufferPointer(reader.found.id)
        written.isMessageID = reader.found.id_is_message_id
        written.isIDEnough = false
        var isProfiled = false
        guard readResolved(&scanner, into: &written, &isProfiled) else { return false }
        written.receivedAt = receivedAt
        written.node = node
        written.source = source
        written.sequence = sequence
        written.run = run
        takeContent(of: line, into: &written, isProfiled: isProfiled)
        return true
    }

    /// Records where the event's own text is in its line.
    private func takeContent(
        of line: UnsafeRawBufferPointer,
        into written: inout WrittenLine,
        isProfiled: Bool
    ) {
        var start = reader.found.reserved.start + reader.found.reserved.length
        if start < line.count, line[start] == UInt8(ascii: ",") { start += 1 }
        var renewed = reader.slice(reader.found.sent_at_member)
        if isProfiled, renewed.isEmpty { renewed = RenewedMember.find(in: line) }
        let content = EventContent(
            UnsafeRawBufferPointer(rebasing: line[start...]),
            without: renewed
        )
        (written.content, written.contentBehindSentAt) = (content.first, content.second)
    }

    /// Reads the members after the run, up to the metadata's end; lines of older versions have
    /// none.
    private func readResolved(
        _ scanner: inout MetadataScanner,
        into written: inout WrittenLine,
        _ isProfiled: inout Bool
    ) -> Bool {
        while let key = scanner.takeKey() {
            guard scanner.startsWithQuote else {
                if key.elementsEqual("idAlone".utf8) { written.isIDEnough = true }
                guard scanner.takeOther() else { return false }
                continue
            }
            guard let text = scanner.takeString() else { return false }
            if key.elementsEqual("channel".utf8) {
                guard let channel = plain(text, scratch) else { return false }
                written.channel = channel
            } else if key.elementsEqual("time".utf8) {
                guard let time = Timestamp.parse(text) else { return false }
                written.eventTime = time
            } else if key.elementsEqual("producer".utf8) {
                written.producer = text
            } else if key.elementsEqual("identity".utf8) {
                guard let identity = plain(text, identityScratch) else { return false }
                (written.id, written.isMessageID, isProfiled) = (identity, true, true)
            }
        }
        return scanner.skip("}") && scanner.rest.isEmpty
    }

    private func plain(
        _ text: UnsafeRawBufferPointer,
        _ scratch: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        text.contains(UInt8(ascii: "\\")) ? JSONText.unescape(text, to: scratch) : text
    }
}

/// Scans metadata that the collector wrote.
private struct MetadataScanner {
    var rest: UnsafeRawBufferPointer

    mutating func skip(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        let text = UnsafeRawBufferPointer(start: expected.utf8Start, count: count)
        return take(count).elementsEqual(text)
    }

    /// Returns the next `count` bytes, or all the rest.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    mutating func takeUntilQuote() -> UnsafeRawBufferPointer? {
        guard let quote = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return take(quote - rest.startIndex)
    }

    /// Skips `,"…":` and returns the key; nil, without effect, if there is none.
    mutating func takeKey() -> UnsafeRawBufferPointer? {
        guard rest.starts(with: #",""#.utf8) else { return nil }
        _ = take(2)
        guard let key = takeUntilQuote(), skip(#"":"#) else { return nil }
        return key
    }

    var startsWithQuote: Bool { rest.first == UInt8(ascii: "\"") }

    /// Skips a string and returns the text between its quotes.
    mutating func takeString() -> UnsafeRawBufferPointer? {
        var at = 1
        while at < rest.count, rest[at] != UInt8(ascii: "\"") {
            at += rest[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard at < rest.count else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: rest[1..<at])
        _ = take(at + 1)
        return text
    }

    /// Skips an object, a number or a literal; returns false if an object does not end.
    mutating func takeOther() -> Bool {
        guard rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: "[") else {
            takeLiteral()
            return true
        }
        var brackets = BracketScanner()
        guard let end = brackets.end(of: 0, in: rest) else { return false }
        _ = take(end)
        return true
    }

    private mutating func takeLiteral() {
        let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") }
        _ = take((end ?? rest.endIndex) - rest.startIndex)
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
