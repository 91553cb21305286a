import Platform

/// Writes an event as one line with the collector's metadata first.
///
/// One per source and thread, and one per producer with a key.
///
///     {"_touchpoint":{"receivedAt":"…","node":"c1","source":"reliable","seq":17,"run":"…",
///      "producer":"shop","channel":"web","time":"…"},"type":…}\n
///
/// Text that is the same for all events of a source is rendered once; the time of receipt is
/// cached, since many events share it.
package struct EventSplicer: ~Copyable {
    private let memory: UnsafeMutablePointer<UInt8>
    /// The end of the scratch for a number's digits, after everything else.
    private let scratchEnd: UnsafeMutablePointer<UInt8>
    private let headCount: Int
    private let middleCount: Int
    private let tailCount: Int
    /// The time currently rendered in the memory.
    private var rendered: Int64 = -1

    /// Digits of the largest number.
    private static let digitsMax = 20
    private static let channelKeyCount = 12
    private static let contextKey: StaticString = "\"context\":"
    private static let sentAtKey: StaticString = "\"sentAt\":"

    /// - `node`, `source`, `run`: of `[A-Za-z0-9._-]` only, so they need no escaping.
    /// - `producer`: the name of the key of all events; empty if there is none.
    package init(node: String, source: String, run: String, producer: String = "") {
        let head = Array(#"{"_touchpoint":{"receivedAt":""#.utf8)
        let middle = Array(#"","node":"\#(node)","source":"\#(source)","seq":"#.utf8)
        let channelKey = Array(#","channel":""#.utf8)
        var tail = Array(#","run":"\#(run)""#.utf8)
        if !producer.isEmpty {
            tail +=
                Array(#","producer":""#.utf8) + JSONText.escaped(producer) + [UInt8(ascii: "\"")]
        }
        headCount = head.count
        middleCount = middle.count
        tailCount = tail.count
        let time = [UInt8](repeating: 48, count: Timestamp.byteCount)
        let all = head + time + middle + tail + channelKey
        memory = .allocate(capacity: all.count + Self.digitsMax)
        scratchEnd = memory + (all.count + Self.digitsMax)
        memory.initialize(from: all, count: all.count)
    }

    deinit {
        memory.deallocate()
    }

    /// The most bytes that ``write(_:as:receivedAt:sequence:to:)`` writes for an event.
    package func bytesMax(
        for event: borrowing EventView,
        as resolved: ResolvedEvent = ResolvedEvent()
    ) -> Int {
        metadataBytesMax + ResolvedEvent.bytesMax(resolved, event) + event.bytes.count
            + event.inheritedContext.count + event.inheritedSentAt.count + 32
    }

    /// The most bytes that the metadata of a rejected piece needs.
    package var metadataBytesMax: Int {
        headCount + Timestamp.byteCount + middleCount + Self.digitsMax + tailCount + 1
    }

    /// Writes the line, line feed included, and returns its length.
    ///
    /// `receivedAt`: microseconds since 1970 UTC.
    package mutating func write(
        _ event: borrowing EventView,
        as resolved: ResolvedEvent = ResolvedEvent(),
        receivedAt: Int64,
        sequence: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var end = writeFront(
            of: event,
            as: resolved,
            receivedAt: receivedAt,
            sequence: sequence,
            to: out
        )
        // The text after the opening brace stays as its producer wrote it, including blanks.
        let body = UnsafeRawBufferPointer(rebasing: event.bytes[1...])
        if Self.hasMembers(body) {
            end.pointee = UInt8(ascii: ",")
            end += 1
        }
        end = event.hasLineBreaks ? Self.copyWithoutBreaks(body, end) : Self.copy(body, end)
        end.pointee = UInt8(ascii: "\n")
        return end + 1 - out
    }

    /// Writes the line of an event with changes, line feed included, and returns its length.
    ///
    /// - `edits`: as ``EventEdit/check(_:in:)`` wants them; what they leave is an object again.
    /// - `out`: room for ``bytesMax(for:as:)`` and ``EventEdit/bytesAdded(_:)``.
    package mutating func write(
        _ event: borrowing EventView,
        as resolved: ResolvedEvent = ResolvedEvent(),
        edits: [EventEdit],
        receivedAt: Int64,
        sequence: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let front = writeFront(
            of: event,
            as: resolved,
            receivedAt: receivedAt,
            sequence: sequence,
            to: out
        )
        front.pointee = UInt8(ascii: ",")
        let body = front + 1
        var end = body
        var at = 1
        for edit in edits {
            end = Self.copyWithoutBreaks(event.bytes[at..<edit.range.lowerBound], end)
            end = Self.copy(edit.replacement, end)
            at = edit.range.upperBound
        }
        end = Self.copyWithoutBreaks(event.bytes[at...], end)
        if !Self.hasMembers(UnsafeRawBufferPointer(start: body, count: end - body)) {
            // Nothing is left but the bracket.
            front.update(from: body, count: end - body)
            end -= 1
        }
        end.pointee = UInt8(ascii: "\n")
        return end + 1 - out
    }

    /// Writes the metadata and what a batch hands down, and returns their end.
    @inline(__always)
    private mutating func writeFront(
        of event: borrowing EventView,
        as resolved: ResolvedEvent,
        receivedAt: Int64,
        sequence: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = writeOrigin(receivedAt: receivedAt, sequence: sequence, to: out)
        if resolved.hasChannel {
            // The tail and the channel's key are adjacent.
            end.update(from: memory + tailStart, count: tailCount + Self.channelKeyCount)
            end += tailCount + Self.channelKeyCount
            end = resolved.writeChannel(to: end)
        } else {
            end.update(from: memory + tailStart, count: tailCount)
            end += tailCount
        }
        end = resolved.write(event, to: end)
        end = Self.member(Self.contextKey, value: event.inheritedContext, to: end)
        return Self.member(Self.sentAtKey, value: event.inheritedSentAt, to: end)
    }

    /// Writes the metadata of a rejected piece, `{"_touchpoint":{…}`, and returns its length.
    package mutating func writeMetadata(
        receivedAt: Int64,
        sequence: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        let end = writeOrigin(receivedAt: receivedAt, sequence: sequence, to: out)
        end.update(from: memory + tailStart, count: tailCount)
        end[tailCount] = UInt8(ascii: "}")
        return end + tailCount + 1 - out
    }

    /// Writes the metadata up to the number, and returns the position after it.
    private mutating func writeOrigin(
        receivedAt: Int64,
        sequence: UInt64,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        if receivedAt != rendered { render(receivedAt) }
        out.update(from: memory, count: tailStart)
        return decimal(sequence, out + tailStart)
    }

    /// The offset in the memory of the text after the number.
    private var tailStart: Int { headCount + Timestamp.byteCount + middleCount }

    private mutating func render(_ time: Int64) {
        let isSameSecond = time / 1_000_000 == rendered / 1_000_000 && rendered >= 0
        rendered = time
        if isSameSecond {
            Timestamp.writeFraction(time, to: memory + headCount)
        } else {
            Timestamp.write(time, to: memory + headCount)
        }
    }

    private static func hasMembers(_ body: UnsafeRawBufferPointer) -> Bool {
        for byte in body where !byte.isJSONSpace { return byte != UInt8(ascii: "}") }
        return false
    }

    private static func member(
        _ key: StaticString,
        value: UnsafeRawBufferPointer,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        guard !value.isEmpty else { return out }
        out.pointee = UInt8(ascii: ",")
        (out + 1).update(from: key.utf8Start, count: key.utf8CodeUnitCount)
        return copyWithoutBreaks(value, out + 1 + key.utf8CodeUnitCount)
    }

    private static func copy(
        _ bytes: UnsafeRawBufferPointer,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        guard let start = bytes.baseAddress else { return out }
        UnsafeMutableRawPointer(out).copyMemory(from: start, byteCount: bytes.count)
        return out + bytes.count
    }

    /// Copies JSON without its line breaks: in valid JSON they are outside strings, so only the
    /// layout changes.
    private static func copyWithoutBreaks(
        _ bytes: some Sequence<UInt8>,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out
        for byte in bytes where byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") {
            end.pointee = byte
            end += 1
        }
        return end
    }

    /// Writes a number's digits, from the last to the first, through the scratch after the
    /// metadata: their count is known only at the end.
    private func decimal(
        _ value: UInt64,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let end = scratchEnd
        var first = end
        var rest = value
        repeat {
            first -= 1
            first.pointee = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
            rest /= 10
        } while rest > 0
        out.update(from: first, count: end - first)
        return out + (end - first)
    }
}
