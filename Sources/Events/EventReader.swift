import CSimdJSON
import Platform

/// Reads JSON objects strictly and keeps their raw bytes.
///
/// One thread at a time.
///
/// A thin wrapper of the C reader: ``index(_:)`` finds the structure of some bytes, ``next()`` then
/// reads their values one by one.
package struct EventReader: ~Copyable {
    private let reader: OpaquePointer
    /// The C reader, for a second walk over what it has indexed.
    var pointer: OpaquePointer { reader }
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The result of the last successful ``next()``; ranges are relative to the indexed bytes.
    private(set) var found = csimdjson_event()

    /// - Parameter depthMax: the maximum nesting of objects and arrays, at least 1.
    package init(depthMax: Int) {
        precondition(depthMax >= 1, "an event is at least one level deep")
        guard let reader = csimdjson_reader_create(depthMax) else {
            preconditionFailure("no memory for a JSON reader")
        }
        self.reader = reader
    }

    deinit {
        csimdjson_reader_destroy(reader)
    }

    /// Finds the structure of `bytes`, which must not move while events are read.
    mutating func index(_ bytes: UnsafeRawBufferPointer) -> csimdjson_code {
        self.bytes = bytes
        return csimdjson_index(reader, bytes.baseAddress, bytes.count)
    }

    mutating func next() -> csimdjson_code {
        csimdjson_next(reader, &found)
    }

    /// Declares the indexed bytes an element of an array: a `batch` in it is not an envelope's.
    mutating func keepBatches() {
        csimdjson_keep_batches(reader)
    }

    mutating func enterArray() -> csimdjson_code {
        csimdjson_enter_array(reader)
    }

    var errorOffset: Int { csimdjson_error_offset(reader) }

    var structurals: Int { csimdjson_structurals(reader) }

    /// Returns a range of the indexed bytes; empty for none.
    ///
    /// Inlined, because a method of a large struct is otherwise passed a copy of it.
    @inline(__always)
    func slice(_ range: csimdjson_range) -> UnsafeRawBufferPointer {
        guard range.length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: bytes[range.start..<(range.start + range.length)])
    }

    /// The time of the object last read: the first of `timestamp`, `originalTimestamp` and `time`
    /// that can be parsed, else the first present.
    @inline(__always)
    var time: UnsafeRawBufferPointer {
        let times = found.times
        if times.1.bytes == nil, times.2.bytes == nil { return UnsafeRawBufferPointer(times.0) }
        return Self.readable(times.0, or: times.1, or: times.2)
    }

    @inline(never)
    private static func readable(
        _ first: csimdjson_text,
        or second: csimdjson_text,
        or third: csimdjson_text
    ) -> UnsafeRawBufferPointer {
        let texts = (
            UnsafeRawBufferPointer(first), UnsafeRawBufferPointer(second),
            UnsafeRawBufferPointer(third)
        )
        if Timestamp.parse(texts.0) != nil { return texts.0 }
        if Timestamp.parse(texts.1) != nil { return texts.1 }
        if Timestamp.parse(texts.2) != nil { return texts.2 }
        if !texts.0.isEmpty { return texts.0 }
        return texts.1.isEmpty ? texts.2 : texts.1
    }

    /// Fills `view` with the object last read, as an event.
    ///
    /// Inlined, because a method of a large struct is otherwise passed a copy of it.
    @inline(__always)
    func view(into view: inout EventView) {
        view.bytes = slice(found.object)
        view.rejection = nil
        view.errorOffset = 0
        view.channel = UnsafeRawBufferPointer(found.channel)
        view.time = time
        view.id = UnsafeRawBufferPointer(found.id)
        view.isMessageID = found.id_is_message_id
        view.name = UnsafeRawBufferPointer(found.name)
        view.isEventName = found.name_is_event
        view.sentAtMember = slice(found.sent_at_member)
        view.hasLineBreaks = found.has_line_breaks
        view.inheritedContext = UnsafeRawBufferPointer(start: nil, count: 0)
        view.inheritedSentAt = UnsafeRawBufferPointer(start: nil, count: 0)
    }
}

extension UnsafeRawBufferPointer {
    init(_ text: csimdjson_text) {
        self.init(start: text.bytes, count: text.bytes == nil ? 0 : text.length)
    }
}

extension Rejection {
    /// The rejection for a failed read.
    init(_ code: csimdjson_code) {
        switch code {
        case CSIMDJSON_INVALID_UTF8: self = .invalidUTF8
        case CSIMDJSON_NOT_AN_OBJECT: self = .notAnObject
        case CSIMDJSON_TOO_DEEP: self = .tooDeep
        case CSIMDJSON_NO_MEMORY: self = .tooLarge
        default: self = .invalidJSON
        }
    }
}
