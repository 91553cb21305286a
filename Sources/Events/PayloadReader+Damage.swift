import CSimdJSON

/// Reads consecutive objects of which one is damaged.
///
/// Text after a damaged object is readable only if the object's end is known, either from its
/// brackets or, in NDJSON, from its line. Otherwise the rest is one rejected piece: a line inside a
/// damaged object can be an object itself, but was never sent as an event.
extension PayloadReader {
    /// Continues from the object at `start`, which the normal mode could not read.
    @inline(never)
    mutating func recover(at start: Int) {
        position = start
        mode = pieces.isEmpty && looksLikeUTF16 ? .whole(.invalidUTF8, 0, .utf16) : .damaged
    }

    /// Whether the first two characters each have one zero byte, on the same side.
    var looksLikeUTF16: Bool {
        guard payload.count >= 4 else { return false }
        let isFirst = payload[0] == 0
        let isSecond = payload[1] == 0
        return isFirst != isSecond && isFirst == (payload[2] == 0) && isSecond == (payload[3] == 0)
    }

    @inline(never)
    mutating func nextDamaged(_ view: inout EventView) -> Bool {
        while position < payload.count, payload[position].isJSONSpace { position += 1 }
        guard position < payload.count else {
            mode = .done
            return false
        }
        if pieces.isFull {
            rejectRest(from: position, .tooManyEvents, &view)
            return true
        }
        return readDamaged(at: position, &view)
    }

    /// Reads the text at `start` as a line, as an object of several lines, or as a damaged batch.
    private mutating func readDamaged(at start: Int, _ view: inout EventView) -> Bool {
        let lineEnd = endOfLine(at: start)
        let line = trimmed(start, lineEnd)
        position = lineEnd
        let failure = readAlone(line)
        guard let failure, failure.code != CSIMDJSON_NOT_AN_OBJECT else {
            return take(line, failure: failure, into: &view)
        }
        guard let end = endOfObject(at: start, lineEnd) else {
            return leaveDamaged(at: start, line: line, failure: failure, into: &view)
        }
        let object = UnsafeRawBufferPointer(rebasing: payload[start..<end])
        position = end
        let isOneLine = end <= lineEnd
        guard let found = isOneLine ? failure : readAlone(object) else {
            return take(object, failure: nil, into: &view)
        }
        if beginDamagedBatch(object) { return false }
        if !isOneLine, isNDJSON, holdsLines(lineEnd, end) {
            position = lineEnd
            rejectUnread(line, failure: failure, into: &view)
        } else {
            rejectUnread(object, failure: found, into: &view)
        }
        return true
    }

    /// Returns the end of the object at `start` by its brackets, if it is also the end of a line.
    private mutating func endOfObject(at start: Int, _ lineEnd: Int) -> Int? {
        guard payload[start] == UInt8(ascii: "{") else { return nil }
        let line = UnsafeRawBufferPointer(rebasing: payload[..<lineEnd])
        if let end = damage.brackets.end(of: start, in: line) {
            return endsItsLine(end) ? end : nil
        }
        // Line by line, the text after each line may be scanned again; the budget limits that.
        guard damage.scanBudget > 0 else { return nil }
        let end = damage.brackets.end(of: start, in: payload)
        damage.scanBudget -= (end ?? payload.count) - start
        guard let end, endsItsLine(end) else { return nil }
        return end
    }

    /// Fills `view` with an object that was read, or a value that is not an object.
    private mutating func take(
        _ piece: UnsafeRawBufferPointer,
        failure: Failure?,
        into view: inout EventView
    ) -> Bool {
        let start = offset(of: piece)
        let next = byteBehind(start + piece.count)
        if next.isSeparatorOrCloser, !isNDJSON {
            // Its own brackets cannot be trusted.
            rejectRest(from: start, nil, &view)
        } else if isInside(before: start, next)
            || next.isSeparatorOrCloser && piece.contains(UInt8(ascii: "\n"))
        {
            reject(piece, as: .invalidJSON, at: start, cause: .insideDamaged, into: &view)
        } else if let failure {
            rejectUnread(piece, failure: failure, into: &view)
        } else {
            return give(piece, &view)
        }
        return true
    }

    /// Rejects an inseparable piece: a line of NDJSON, else all the rest of the payload.
    private mutating func leaveDamaged(
        at start: Int,
        line: UnsafeRawBufferPointer,
        failure: Failure,
        into view: inout EventView
    ) -> Bool {
        if isNDJSON {
            rejectUnread(line, failure: failure, into: &view)
        } else {
            rejectRest(from: start, nil, &view)
        }
        return true
    }

    /// Whether a value is nested: an element of a list, or the value of a member.
    ///
    /// `start`: where it begins. `behind`: the byte after it, 0 for none. The text before it
    /// decides, except where a line of NDJSON may have been cut off there: then both sides must
    /// agree. The payload's end agrees if a list continues, or if whole lines are not the majority.
    private mutating func isInside(before start: Int, _ behind: UInt8) -> Bool {
        guard let last = payload[..<start].lastIndex(where: { !$0.isJSONSpace }) else {
            return false
        }
        let canFollow = payload[last] == UInt8(ascii: ",") || payload[last] == UInt8(ascii: "[")
        guard canFollow || payload[last] == UInt8(ascii: ":") else { return false }
        if behind.isSeparatorOrCloser || !endsCutLine(last) { return true }
        guard behind == 0 else { return false }
        let lines = countedLines()
        return canFollow || lines.whole <= lines.other
    }

    /// Whether the byte at `last` may end a line of NDJSON that was cut off: such a line begins
    /// with a brace that it does not close.
    private mutating func endsCutLine(_ last: Int) -> Bool {
        let lineFeed = payload[..<last].lastIndex(of: UInt8(ascii: "\n"))
        let start = lineFeed.map { $0 + 1 } ?? damage.firstByte
        guard payload[start] == UInt8(ascii: "{") else { return false }
        let line = UnsafeRawBufferPointer(rebasing: payload[..<last])
        return damage.brackets.end(of: start, in: line) == nil
    }

    private func byteBehind(_ position: Int) -> UInt8 {
        payload[position...].first { !$0.isJSONSpace } ?? 0
    }
}

/// Decides whether a text is NDJSON, which its damaged part cannot tell.
extension PayloadReader {
    /// Whether at least half of the payload's lines are whole objects.
    ///
    /// Inside an object printed over several lines, each line that is a whole object is between two
    /// that are not, so the latter are always more.
    private var isNDJSON: Bool {
        mutating get {
            let lines = countedLines()
            return lines.whole > 0 && lines.whole >= lines.other
        }
    }

    /// Counts the payload's lines that are whole objects, and the others that are not blank.
    private mutating func countedLines() -> (whole: Int, other: Int) {
        if let lines = damage.lines { return lines }
        var (whole, other) = (0, 0)
        var at = damage.firstByte
        while at < payload.count {
            let end = endOfLine(at: at)
            switch LineShape(UnsafeRawBufferPointer(rebasing: payload[at..<end]), &damage.brackets)
            {
            case .whole: whole += 1
            case .other: other += 1
            case .blank: break
            }
            at = end + 1
        }
        damage.lines = (whole, other)
        return (whole, other)
    }

    /// Whether there are lines of NDJSON between the end of a damaged object's first line and the
    /// place where its brackets close: then its own line may have been cut off.
    private mutating func holdsLines(_ firstEnd: Int, _ end: Int) -> Bool {
        damage.scanBudget -= end - firstEnd
        var at = firstEnd + 1
        while at < end {
            let lineEnd = min(endOfLine(at: at), end)
            let line = UnsafeRawBufferPointer(rebasing: payload[at..<lineEnd])
            if case .whole = LineShape(line, &damage.brackets),
                !isInside(before: at, byteBehind(lineEnd))
            {
                return true
            }
            at = lineEnd + 1
        }
        return false
    }
}

extension UInt8 {
    /// Whether no value can begin with the byte, but one can end before it.
    fileprivate var isSeparatorOrCloser: Bool {
        self == UInt8(ascii: ",") || self == UInt8(ascii: "]") || self == UInt8(ascii: "}")
            || self == UInt8(ascii: ":")
    }
}
