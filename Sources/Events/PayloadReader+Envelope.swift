import CSimdJSON

/// Reads payloads whose events are the elements of a member other than `batch`.
///
/// Nothing else of such an envelope is kept, and nothing is handed down.
extension PayloadReader {
    /// Begins a payload, like ``begin(_:piecesMax:)``.
    ///
    /// `list`: the member of an object in which its events are, if it is there once as an array. A
    /// payload without it is read like any other.
    package mutating func begin(
        _ payload: UnsafeRawBufferPointer,
        list: StaticString,
        piecesMax: Int = .max,
        messageBytes: Int? = nil
    ) {
        begin(payload, piecesMax: piecesMax, messageBytes: messageBytes)
        switch mode {
        case .values, .damaged: break
        case .done, .array, .elements, .whole, .rest, .joined: return
        }
        if case .values = mode, let array = wholeList(list) { return enter(array) }
        if let array = listOfDamaged(list) { return enterDamaged(array) }
        begin(payload, piecesMax: piecesMax, messageBytes: messageBytes)
    }

    /// The array in the object that is the whole payload.
    private mutating func wholeList(_ list: StaticString) -> UnsafeRawBufferPointer? {
        guard reader.next() == CSIMDJSON_OK, !reader.found.has_reserved_key else { return nil }
        let object = reader.slice(reader.found.object)
        let end = offset(of: object) + object.count
        guard payload[end...].allSatisfy(\.isJSONSpace) else { return nil }
        return Self.only(list, of: object)
    }

    private static func only(
        _ list: StaticString,
        of object: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        var members = TopLevelMembers(object)
        while let member = members.next() {
            guard member.key.elementsEqual(UnsafeRawBufferPointer(list)) else { continue }
            guard found == nil, member.value.first == UInt8(ascii: "[") else { return nil }
            found = member.value
        }
        return found
    }

    private mutating func enter(_ array: UnsafeRawBufferPointer) {
        resumeAfterBatch = payload.count
        base = offset(of: array)
        guard reader.index(array) == CSIMDJSON_OK else {
            // It was valid a moment ago, so memory is exhausted.
            mode = .whole(.tooLarge, 0, .unspecified)
            return
        }
        guard !arrayHasMore(than: pieces.left, array) else {
            mode = .whole(.tooManyEvents, 0, .unspecified)
            return
        }
        guard reader.enterArray() == CSIMDJSON_OK else {
            mode = .whole(.invalidJSON, 0, .unspecified)
            return
        }
        mode = .array
        // If reading fails later, elements are cut out from here.
        position = base + 1
    }

    /// The array in an object that cannot be read, if everything around its elements can.
    @inline(never)
    private mutating func listOfDamaged(_ list: StaticString) -> UnsafeRawBufferPointer? {
        let object = trimmed(damage.firstByte, payload.count)
        guard object.first == UInt8(ascii: "{"), let array = arrayOfBatch(object, named: list)
        else { return nil }
        var envelope = Array(object[...array.lowerBound])
        envelope += object[(array.upperBound - 1)...]
        let isWhole = envelope.withUnsafeBytes { bytes in
            reader.index(bytes) == CSIMDJSON_OK && reader.next() == CSIMDJSON_OK
                && reader.found.object.length == bytes.count && !reader.found.has_reserved_key
                && Self.only(list, of: bytes) != nil
        }
        return isWhole ? UnsafeRawBufferPointer(rebasing: object[array]) : nil
    }

    private mutating func enterDamaged(_ array: UnsafeRawBufferPointer) {
        resumeAfterBatch = payload.count
        position = offset(of: array) + 1
        mode = .elements
    }
}

extension UnsafeRawBufferPointer {
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
