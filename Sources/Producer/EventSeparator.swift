/// Splits a text into events: lines, objects of several lines, elements of arrays.
struct EventSeparator {
    /// The piece at the front of the text.
    enum Piece {
        /// A line of `count` bytes, without its end.
        case line(count: Int)
        /// An object, as a range of offsets from the front.
        case object(Range<Int>)
        /// From this place on the events' boundaries are unknown.
        case unknown(EventPlace, why: String)
        /// The end of the text.
        case end
    }

    private enum Surroundings { case none, arrayStart, element, comma }

    private let reading: FileSource.Reading
    private var surroundings = Surroundings.none
    private var arrayPlace: EventPlace?
    private var isFirst = true
    /// A line was truncated where an object might have continued: others may be too.
    private var hasTornLines = false

    init(_ reading: FileSource.Reading) { self.reading = reading }

    /// Skips blanks, empty lines and separators of elements, and returns the next piece.
    mutating func next(in text: FileText) throws(ProducerError) -> Piece {
        if isFirst, !reading.isByLine { try skipMark(in: text) }
        while let start = try firstByte(in: text) {
            let byte = try text.byte(at: start)
            if reading.isByLine { return .line(count: try text.lineEnd(from: start)) }
            switch (surroundings, byte) {
            case (.none, 0x7b): return try object(in: text, at: start)
            case (.none, 0x5b):
                guard try isArray(text, after: start + 1) else {
                    return .line(count: try text.lineEnd(from: start))
                }
                arrayPlace = text.place
                surroundings = .arrayStart
                text.take(start + 1)
            case (.none, _): return .line(count: try text.lineEnd(from: start))
            case (.arrayStart, 0x7b), (.comma, 0x7b): return try element(in: text, at: start)
            case (.element, 0x2c):
                surroundings = .comma
                text.take(start + 1)
            case (.element, 0x5d), (.arrayStart, 0x5d):
                surroundings = .none
                text.take(start + 1)
                guard try isBlank(text, from: 0) else {
                    return .unknown(text.place, why: "other text follows an array in its line")
                }
            case (.element, _):
                return .unknown(text.place, why: "no comma stands between two elements")
            case (.arrayStart, _), (.comma, _):
                return .unknown(text.place, why: "an element of the array is no object")
            }
        }
        guard surroundings == .none else {
            return .unknown(arrayPlace ?? text.place, why: "the array does not end")
        }
        return .end
    }

    /// Skips a byte order mark: it belongs to the file, not to its first event.
    private mutating func skipMark(in text: FileText) throws(ProducerError) {
        isFirst = false
        guard try text.byte(at: 0) == 0xef, try text.byte(at: 1) == 0xbb,
            try text.byte(at: 2) == 0xbf
        else { return }
        text.take(3)
    }

    /// Returns the offset of the first byte that is not blank; takes the lines before it.
    private func firstByte(in text: FileText) throws(ProducerError) -> Int? {
        var offset = 0
        while let byte = try text.byte(at: offset) {
            switch byte {
            case 0x0a:
                text.take(offset + 1)
                offset = 0
            case 0x20, 0x09, 0x0d: offset += 1
            default: return offset
            }
        }
        return nil
    }

    /// Whether only blanks are between `offset` and the end of its line.
    private func isBlank(_ text: FileText, from offset: Int) throws(ProducerError) -> Bool {
        let end = try text.lineEnd(from: offset)
        return text.bytes[offset..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    }

    /// Whether a bracket opens an array of objects: a line of a log may begin with one too.
    private func isArray(_ text: FileText, after offset: Int) throws(ProducerError) -> Bool {
        var offset = offset
        while let byte = try text.byte(at: offset) {
            switch byte {
            case 0x20, 0x09, 0x0d, 0x0a: offset += 1
            case 0x7b, 0x5d: return true
            default: return false
            }
        }
        return false
    }
}

extension EventSeparator {
    private mutating func element(
        in text: FileText,
        at start: Int
    ) throws(ProducerError) -> Piece {
        switch try extent(in: text, from: start) {
        case .closed(let end):
            surroundings = .element
            return .object(start..<end)
        case .broken(let reason): return .unknown(place(in: text, of: start), why: reason)
        case .open: return .unknown(place(in: text, of: start), why: "the element does not end")
        }
    }

    /// Reads an object outside an array: its line, or several lines.
    private mutating func object(
        in text: FileText,
        at start: Int
    ) throws(ProducerError) -> Piece {
        let lineEnd = try text.lineEnd(from: start)
        let last = text.bytes[start..<lineEnd].last { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
        // No line of a value that continues ends in } while the next begins with {.
        if last == 0x7d, Self.bufferedFirstByte(in: text, behind: lineEnd) == 0x7b {
            return .line(count: lineEnd)
        }
        var scanner = BracketScanner()
        let line = UnsafeRawBufferPointer(rebasing: text.bytes[start..<lineEnd])
        if case .closed = scanner.scan(line, from: 0) { return .line(count: lineEnd) }
        // It does not end in its line: it continues, or the line is truncated.
        guard let next = try nextLine(in: text, behind: lineEnd) else {
            return .line(count: lineEnd)
        }
        let mayGoOn = last == 0x2c || last == 0x3a || last == 0x5b
        if next.byte == 0x7b, !mayGoOn || (hasTornLines && next.column == start) {
            return .line(count: lineEnd)
        }
        let why: String
        switch try extent(in: text, from: start) {
        case .closed(let end):
            if try isBlank(text, from: end) { return .object(start..<end) }
            let behind = try nextLine(in: text, behind: end - 1)
            if behind?.byte == 0x7b { return .object(start..<end) }
            why = "other text follows the object in its last line"
        case .broken(let reason): why = reason
        case .open: why = "the object does not end"
        }
        if next.byte == 0x7b, next.column == start {
            hasTornLines = true
            return .line(count: lineEnd)
        }
        return .unknown(place(in: text, of: start), why: why)
    }

    /// Returns where the object that begins at `start` ends.
    private func extent(
        in text: FileText,
        from start: Int
    ) throws(ProducerError) -> BracketScanner.Outcome {
        var scanner = BracketScanner()
        var scanned = start
        while true {
            let outcome = scanner.scan(text.bytes, from: scanned)
            if case .broken = outcome { return outcome }
            scanned = text.bytes.count
            if case .closed(let end) = outcome { scanned = end }
            guard scanned - start <= reading.objectBytesMax else {
                return .broken(reason: "it does not end within \(reading.objectBytesMax) bytes")
            }
            guard outcome == .open else { return outcome }
            guard try text.fill() else { return .open }
        }
    }

    /// Returns the first byte after a line's end that is not blank, and its column.
    private func nextLine(
        in text: FileText,
        behind lineEnd: Int
    ) throws(ProducerError) -> (byte: UInt8, column: Int)? {
        var offset = lineEnd + 1
        var column = 0
        while let byte = try text.byte(at: offset) {
            switch byte {
            case 0x0a: column = 0
            case 0x20, 0x09, 0x0d: column += 1
            default: return (byte, column)
            }
            offset += 1
        }
        return nil
    }

    private static func bufferedFirstByte(in text: FileText, behind lineEnd: Int) -> UInt8? {
        var offset = lineEnd + 1
        while let byte = text.bufferedByte(at: offset) {
            guard byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a else { return byte }
            offset += 1
        }
        return nil
    }

    private func place(in text: FileText, of start: Int) -> EventPlace {
        let breaks = text.bytes.prefix(start).count { $0 == 0x0a }
        return EventPlace(path: text.path, line: text.linesTaken + 1 + breaks)
    }
}
