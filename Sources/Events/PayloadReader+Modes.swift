import CSimdJSON

/// The four ways to get at the next piece. Each gives true when `view` was filled, and false after
/// it changed the mode.
extension PayloadReader {
    mutating func nextValue(_ view: inout EventView) -> Bool {
        let code = read()
        switch code {
        case CSIMDJSON_OK, CSIMDJSON_NOT_AN_OBJECT:
            let object = reader.found.object
            guard endsItsLine(object.start + object.length) else {
                return leaveValues(
                    at: object.start,
                    .invalidJSON,
                    object.start + object.length,
                    &view
                )
            }
            if code == CSIMDJSON_NOT_AN_OBJECT {
                reject(reader.slice(object), .notAnObject, at: object.start, &view)
                return true
            }
            if reader.found.batch.length > 0, !reader.found.has_reserved_key {
                return beginBatch(reader.slice(object), &view)
            }
            hasReadLine = true
            accept(&view)
            return true
        case CSIMDJSON_END:
            mode = .done
            return false
        default:
            return leaveValues(
                at: reader.found.object.start,
                Rejection(code),
                reader.errorOffset,
                &view
            )
        }
    }

    /// Rejects what stands at `start`, and goes on line by line behind it: its line where the
    /// payload looks like NDJSON, else all that is left.
    private mutating func leaveValues(
        at start: Int,
        _ rejection: Rejection,
        _ offset: Int,
        _ view: inout EventView
    ) -> Bool {
        let isLine = hasReadLine || looksLikeLines(from: start)
        let end = isLine ? endOfLine(at: start) : payload.count
        position = min(end + 1, payload.count)
        mode = .lines
        let piece = Self.trimmed(UnsafeRawBufferPointer(rebasing: payload[start..<end]))
        reject(piece, rejection, at: offset, &view)
        return true
    }

    /// Whether only white space stands between `position` and the end of its line.
    ///
    /// In line, since a method of a large struct is otherwise handed a copy of it.
    @inline(__always)
    private func endsItsLine(_ position: Int) -> Bool {
        var at = position
        while at < payload.count, payload[at].isJSONSpace {
            if payload[at] == UInt8(ascii: "\n") { return true }
            at += 1
        }
        return at == payload.count
    }

    mutating func nextLine(_ view: inout EventView) -> Bool {
        while position < payload.count {
            let start = position
            let line = Self.trimmed(self.line(at: start))
            position = min(endOfLine(at: start) + 1, payload.count)
            if line.isEmpty { continue }
            if pieces >= eventsMax {
                rejectRest(from: start, .tooManyEvents, &view)
                return true
            }
            return readAlone(line, mayBeBatch: true, &view)
        }
        mode = .done
        return false
    }

    /// Reads `piece`, a part of the payload, as exactly one object.
    private mutating func readAlone(
        _ piece: UnsafeRawBufferPointer,
        mayBeBatch: Bool,
        _ view: inout EventView
    ) -> Bool {
        base = offset(of: piece)
        var code = reader.index(piece)
        if code == CSIMDJSON_OK { code = reader.next() }
        let object = reader.found.object
        if code == CSIMDJSON_OK || code == CSIMDJSON_NOT_AN_OBJECT,
            object.start + object.length != piece.count
        {
            code = CSIMDJSON_INVALID_JSON
        }
        guard code == CSIMDJSON_OK else {
            reject(piece, Rejection(code), at: base + reader.errorOffset, &view)
            return true
        }
        if mayBeBatch, reader.found.batch.length > 0, !reader.found.has_reserved_key {
            return beginBatch(piece, &view)
        }
        accept(&view)
        return true
    }

    func offset(of piece: UnsafeRawBufferPointer) -> Int {
        guard let start = payload.baseAddress, let at = piece.baseAddress else { return 0 }
        return at - start
    }

    /// Steps into the batch of `envelope`, which was just read; true when it is rejected instead,
    /// as a batch that would bring the message above its number of events is.
    private mutating func beginBatch(
        _ envelope: UnsafeRawBufferPointer,
        _ view: inout EventView
    ) -> Bool {
        envelopeStart = offset(of: envelope)
        position = envelopeStart + envelope.count
        inherited.take(
            context: reader.slice(reader.found.context),
            sentAt: reader.slice(reader.found.sent_at),
            channel: UnsafeRawBufferPointer(reader.found.channel)
        )
        resumeAfterBatch = position
        let batch = reader.slice(reader.found.batch)
        base = offset(of: batch)
        var code = reader.index(batch)
        if code == CSIMDJSON_OK, arrayHasMore(than: eventsMax - pieces, batch) {
            endArray()
            reject(envelope, .tooManyEvents, at: offset(of: envelope), &view)
            return true
        }
        if code == CSIMDJSON_OK { code = reader.enterArray() }
        guard code == CSIMDJSON_OK else {
            // It was valid a moment ago: memory is short.
            endArray()
            reject(envelope, Rejection(code), at: base, &view)
            return true
        }
        mode = .array
        return false
    }

    mutating func nextInArray(_ view: inout EventView) -> Bool {
        let code = read()
        switch code {
        case CSIMDJSON_OK:
            accept(&view)
            position = base + reader.found.object.start + reader.found.object.length
            return true
        case CSIMDJSON_NOT_AN_OBJECT:
            let value = reader.found.object
            reject(reader.slice(value), .notAnObject, at: base + value.start, &view)
            position = base + value.start + value.length
            return true
        case CSIMDJSON_END:
            endArray()
        default:
            return leaveArray(&view)
        }
        return false
    }

    /// Goes on element by element behind the last good one; where no comma follows it, all the rest
    /// is rejected, for nobody can say what it was meant to be.
    private mutating func leaveArray(_ view: inout EventView) -> Bool {
        mode = .elements
        let isFirst = payload[position - 1] == UInt8(ascii: "[")
        while position < payload.count, payload[position].isJSONSpace { position += 1 }
        if isFirst { return false }
        if position < payload.count, payload[position] == UInt8(ascii: ",") {
            position += 1
            return false
        }
        rejectRest(from: position, .invalidJSON, &view)
        return true
    }

    mutating func rejectRest(
        from start: Int,
        _ rejection: Rejection,
        _ view: inout EventView
    ) {
        mode = .done
        let rest = Self.trimmed(UnsafeRawBufferPointer(rebasing: payload[start...]))
        reject(rest, rejection, at: start, &view)
    }

    private mutating func endArray() {
        inherited.clear()
        if let resume = resumeAfterBatch {
            resumeAfterBatch = nil
            position = resume
            mode = .lines
        } else {
            mode = .done
        }
    }

    /// Cuts the next element out by counting brackets outside strings.
    ///
    /// What does not balance is rejected with all that follows.
    mutating func nextElement(_ view: inout EventView) -> Bool {
        let start = position
        if pieces >= eventsMax {
            rejectRest(from: start, .tooManyEvents, &view)
            return true
        }
        guard let end = ElementScanner.end(in: payload, from: start) else {
            // Of an array that gave nothing, the bracket too is kept.
            rejectRest(from: pieces == 0 ? 0 : start, .invalidJSON, &view)
            return true
        }
        let isLast = payload[end] == UInt8(ascii: "]")
        position = end + 1
        let piece = Self.trimmed(UnsafeRawBufferPointer(rebasing: payload[start..<end]))
        if isLast, let behind = payload[position...].firstIndex(where: { !$0.isJSONSpace }) {
            // Something stands behind the array: it is a piece of its own.
            rejectRest(from: piece.isEmpty ? behind : start, .invalidJSON, &view)
            return true
        }
        if isLast { mode = .done }
        return readAlone(piece, mayBeBatch: false, &view)
    }
}
