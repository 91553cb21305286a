import CSimdJSON

/// Reads damaged arrays and batches one element at a time, cut out by its brackets.
extension PayloadReader {
    /// Continues element by element after the last good one; if no comma follows it, rejects all
    /// the rest, since its meaning is unknown.
    @inline(never)
    mutating func leaveArray(_ view: inout EventView) -> Bool {
        mode = pieces.isEmpty && looksLikeUTF16 ? .whole(.invalidUTF8, 0, .utf16) : .elements
        if payload[position - 1] == UInt8(ascii: "[") { return false }
        while position < payload.count, payload[position].isJSONSpace { position += 1 }
        if position < payload.count, payload[position] == UInt8(ascii: ",") {
            position += 1
            return false
        }
        rejectBehind(position, &view)
        return true
    }

    /// Rejects the text at `start`, after an element or after the array, and all that follows.
    mutating func rejectBehind(_ start: Int, _ view: inout EventView) {
        rejectRest(from: start, nil, within: .behindElement, &view)
    }

    /// Cuts out the next element; rejects one with unbalanced brackets, and all that follows.
    @inline(never)
    mutating func nextElement(_ view: inout EventView) -> Bool {
        let start = position
        if pieces.isFull {
            rejectRest(from: start, .tooManyEvents, &view)
            return true
        }
        guard let end = endOfElement(start) else {
            // If the array has produced no piece, the rejection includes its opening bracket.
            let isWhole = pieces.isEmpty
            rejectRest(from: isWhole ? 0 : start, nil, within: isWhole ? .text : .element, &view)
            return true
        }
        position = min(end + 1, payload.count)
        let piece = trimmed(start, end)
        let isLast = end == payload.count || payload[end] == UInt8(ascii: "]")
        defer { if isLast { endElements(end) } }
        if piece.isEmpty {
            if isLast, payload[start - 1] == UInt8(ascii: "[") { return false }
            // Nothing follows the comma before it.
            let cause: RejectionCause.Kind = isLast ? .trailingComma : .missingValue
            reject(piece, as: .invalidJSON, at: isLast ? start - 1 : end, cause: cause, into: &view)
        } else if let failure = readAlone(piece, isElement: true) {
            rejectUnread(piece, failure: failure, into: &view)
        } else {
            accept(&view)
        }
        return true
    }

    /// Returns the position of the comma or bracket after an element; the payload's end after a
    /// whole element of an array that was cut off.
    private mutating func endOfElement(_ start: Int) -> Int? {
        if let end = damage.brackets.separator(behind: start, in: payload) {
            return payload[end] == UInt8(ascii: "}") || isKey(end + 1) ? nil : end
        }
        let rest = trimmed(start, payload.count)
        guard rest.first == UInt8(ascii: "{"), damage.brackets.end(of: 0, in: rest) == rest.count
        else {
            return nil
        }
        return payload.count
    }

    /// Whether a key follows a comma: then an object ended too early.
    private func isKey(_ start: Int) -> Bool {
        guard let quote = payload[start...].firstIndex(where: { !$0.isJSONSpace }),
            payload[quote] == UInt8(ascii: "\""),
            let end = BracketScanner.endOfString(quote, in: payload)
        else { return false }
        return payload[end...].first { !$0.isJSONSpace } == UInt8(ascii: ":")
    }

    /// Continues after the array, whose closing bracket is at `end`.
    private mutating func endElements(_ end: Int) {
        if resumeAfterBatch != nil { return endArray() }
        let isWhole = end < payload.count
        let isEnd = isWhole && payload[(end + 1)...].allSatisfy(\.isJSONSpace)
        mode = isEnd ? .done : .rest(end)
    }
}

/// Reads batches.
extension PayloadReader {
    /// Enters the batch of `envelope`, which was just read; returns true if it is rejected instead,
    /// because it would exceed the message's number of events.
    mutating func beginBatch(
        _ envelope: UnsafeRawBufferPointer,
        _ view: inout EventView
    ) -> Bool {
        let start = offset(of: envelope)
        position = start + envelope.count
        inherited.take(
            context: reader.slice(reader.found.context),
            sentAt: reader.slice(reader.found.sent_at),
            channel: UnsafeRawBufferPointer(reader.found.channel)
        )
        resumeAfterBatch = position
        let batch = reader.slice(reader.found.batch)
        base = offset(of: batch)
        var code = reader.index(batch)
        if code == CSIMDJSON_OK, arrayHasMore(than: pieces.left, batch) {
            endArray()
            reject(envelope, as: .tooManyEvents, at: start, cause: .unspecified, into: &view)
            return true
        }
        if code == CSIMDJSON_OK { code = reader.enterArray() }
        guard code == CSIMDJSON_OK else {
            // It was valid a moment ago, so memory is exhausted.
            endArray()
            rejectUnread(envelope, failure: Failure(code: code, offset: base), into: &view)
            return true
        }
        mode = .array
        // If reading fails later, elements are cut out from here.
        position = base + 1
        return false
    }

    /// Enters the batch of an object that cannot be read, if everything around its elements can.
    ///
    /// The envelope is read with one empty object in place of the elements.
    mutating func beginDamagedBatch(_ object: UnsafeRawBufferPointer) -> Bool {
        guard let array = arrayOfBatch(object, named: "batch") else { return false }
        var envelope = Array(object[...array.lowerBound])
        envelope += "{}".utf8
        envelope += object[(array.upperBound - 1)...]
        let shift = object.count - envelope.count
        return envelope.withUnsafeBytes { bytes in
            guard reader.index(bytes) == CSIMDJSON_OK, reader.next() == CSIMDJSON_OK,
                reader.found.object.length == bytes.count, reader.found.batch.length > 0,
                !reader.found.has_reserved_key
            else { return false }
            /// The corresponding bytes in the payload.
            func own(_ range: csimdjson_range) -> UnsafeRawBufferPointer {
                let start = range.start + (range.start > array.lowerBound ? shift : 0)
                return UnsafeRawBufferPointer(rebasing: object[start..<(start + range.length)])
            }
            inherited.take(
                context: own(reader.found.context),
                sentAt: own(reader.found.sent_at),
                channel: UnsafeRawBufferPointer(reader.found.channel)
            )
            let start = offset(of: object)
            resumeAfterBatch = start + object.count
            position = start + array.lowerBound + 1
            mode = .elements
            return true
        }
    }

    /// Returns the array of the first key `name` in a damaged object, from bracket to bracket.
    mutating func arrayOfBatch(
        _ object: UnsafeRawBufferPointer,
        named name: StaticString
    ) -> Range<Int>? {
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        var at = 1
        func skipSpace() { while at < object.count, object[at].isJSONSpace { at += 1 } }
        while true {
            skipSpace()
            guard at < object.count, object[at] == UInt8(ascii: "\""),
                let end = BracketScanner.endOfString(at, in: object)
            else { return nil }
            let key = object[(at + 1)..<(end - 1)]
            at = end
            skipSpace()
            guard at < object.count, object[at] == UInt8(ascii: ":") else { return nil }
            at += 1
            skipSpace()
            if key.elementsEqual(name) {
                guard at < object.count, object[at] == UInt8(ascii: "[") else { return nil }
                return endOfBatch(at, object).map { at..<$0 }
            }
            guard let separator = damage.brackets.separator(behind: at, in: object),
                object[separator] == UInt8(ascii: ",")
            else { return nil }
            at = separator + 1
        }
    }

    /// Returns the position after the array at `start`, if at least one element is an object, and
    /// none another kind of value: an array with others belongs to one event.
    private mutating func endOfBatch(_ start: Int, _ object: UnsafeRawBufferPointer) -> Int? {
        var at = start + 1
        var hasObjects = false
        while let end = damage.brackets.separator(behind: at, in: object) {
            let first = object[at..<end].first { !$0.isJSONSpace } ?? 0
            if first == UInt8(ascii: "{") {
                hasObjects = true
            } else if first.beginsOtherValue {
                return nil
            }
            if object[end] == UInt8(ascii: "]") { return hasObjects ? end + 1 : nil }
            guard object[end] == UInt8(ascii: ",") else { return nil }
            at = end + 1
        }
        return nil
    }
}

extension UInt8 {
    /// Whether a JSON value other than an object can begin with the byte.
    fileprivate var beginsOtherValue: Bool {
        switch self {
        case UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "-"), UInt8(ascii: "t"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
