import CSimdJSON

/// Reads consecutive objects, and elements of an array, until the first error. Each method returns
/// true if it filled `view`, and false after it changed the mode.
extension PayloadReader {
    mutating func nextValue(_ view: inout EventView) -> Bool {
        let code = read()
        switch code {
        case CSIMDJSON_OK, CSIMDJSON_NOT_AN_OBJECT:
            let object = reader.found.object
            guard endsItsLine(base + object.start + object.length) else {
                recover(at: base + object.start)
                return false
            }
            if code == CSIMDJSON_NOT_AN_OBJECT {
                let failure = Failure(code: code, offset: base + object.start)
                rejectUnread(reader.slice(object), failure: failure, into: &view)
                return true
            }
            if reader.found.batch.length > 0, !reader.found.has_reserved_key {
                return beginBatch(reader.slice(object), &view)
            }
            accept(&view)
            return true
        case CSIMDJSON_END:
            mode = .done
            return false
        default:
            recover(at: base + reader.found.object.start)
            return false
        }
    }

    /// Whether only white space is between `position` and the end of its line.
    ///
    /// Inlined, because a method of a large struct is otherwise passed a copy of it.
    @inline(__always)
    func endsItsLine(_ position: Int) -> Bool {
        var at = position
        while at < payload.count, payload[at].isJSONSpace {
            if payload[at] == UInt8(ascii: "\n") { return true }
            at += 1
        }
        return at == payload.count
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
            let failure = Failure(code: code, offset: base + value.start)
            rejectUnread(reader.slice(value), failure: failure, into: &view)
            position = base + value.start + value.length
            return true
        case CSIMDJSON_END:
            endArray()
        default:
            return leaveArray(&view)
        }
        return false
    }

    mutating func endArray() {
        inherited.clear()
        if let resume = resumeAfterBatch {
            resumeAfterBatch = nil
            recover(at: resume)
        } else {
            mode = .done
        }
    }
}

/// Reads parts of a payload on their own.
extension PayloadReader {
    /// The code of a failed read, and the offset in the payload where the error was seen.
    struct Failure {
        var code: csimdjson_code
        var offset: Int
    }

    /// Reads `piece`, a part of the payload, as exactly one object; returns nil on success.
    ///
    /// `isElement`: it is an element of an array; a batch in it is not an envelope's.
    mutating func readAlone(
        _ piece: UnsafeRawBufferPointer,
        isElement: Bool = false
    ) -> Failure? {
        base = offset(of: piece)
        var code = reader.index(piece)
        if code == CSIMDJSON_OK {
            if isElement { reader.keepBatches() }
            code = reader.next()
        }
        let object = reader.found.object
        if code == CSIMDJSON_OK || code == CSIMDJSON_NOT_AN_OBJECT,
            object.start + object.length != piece.count
        {
            code = CSIMDJSON_INVALID_JSON
        }
        return code == CSIMDJSON_OK ? nil : Failure(code: code, offset: base + reader.errorOffset)
    }

    /// Fills `view` with the object last read, or enters its batch; true if `view` was filled.
    mutating func give(_ piece: UnsafeRawBufferPointer, _ view: inout EventView) -> Bool {
        if reader.found.batch.length > 0, !reader.found.has_reserved_key {
            return beginBatch(piece, &view)
        }
        accept(&view)
        return true
    }

    func offset(of piece: UnsafeRawBufferPointer) -> Int {
        guard let start = payload.baseAddress, let at = piece.baseAddress else { return 0 }
        return at - start
    }

    /// Rejects all from `start` on, and ends the payload; without a reason it diagnoses the cause.
    mutating func rejectRest(
        from start: Int,
        _ rejection: Rejection?,
        within: JSONDiagnosis.Start = .text,
        _ view: inout EventView
    ) {
        let rest = trimmed(start, payload.count)
        if let rejection {
            reject(rest, as: rejection, at: start, cause: .unspecified, into: &view)
        } else {
            let failure = readAlone(rest)
            let otherwise = Failure(code: CSIMDJSON_INVALID_JSON, offset: start)
            rejectUnread(rest, failure: failure ?? otherwise, within: within, into: &view)
        }
        mode = .done
    }
}
