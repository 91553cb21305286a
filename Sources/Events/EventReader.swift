import CSimdJSON
import Platform

/// Reads JSON objects strictly, keeping their raw bytes.
///
/// One thread at a time.
///
/// A thin face of the C reader: ``index(_:)`` finds the structure of some bytes, ``next()`` then
/// gives value by value what stands there.
package struct EventReader: ~Copyable {
    private let reader: OpaquePointer
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What the last successful ``next()`` read; ranges are relative to the indexed bytes.
    private(set) var found = csimdjson_event()

    /// - Parameter depthMax: levels of objects and arrays, at least 1.
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

    /// Finds the structure of `bytes`, which must stay in place while events are read.
    mutating func index(_ bytes: UnsafeRawBufferPointer) -> csimdjson_code {
        self.bytes = bytes
        return csimdjson_index(reader, bytes.baseAddress, bytes.count)
    }

    mutating func next() -> csimdjson_code {
        csimdjson_next(reader, &found)
    }

    /// What is indexed is an element: a batch in it is no envelope's.
    mutating func keepBatches() {
        csimdjson_keep_batches(reader)
    }

    mutating func enterArray() -> csimdjson_code {
        csimdjson_enter_array(reader)
    }

    var errorOffset: Int { csimdjson_error_offset(reader) }

    var structurals: Int { csimdjson_structurals(reader) }

    /// A stretch of the indexed bytes; empty for none.
    ///
    /// In line, since a method of a large struct is otherwise handed a copy of it.
    @inline(__always)
    func slice(_ range: csimdjson_range) -> UnsafeRawBufferPointer {
        guard range.length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: bytes[range.start..<(range.start + range.length)])
    }

    /// The time of the object last read: of `timestamp`, `originalTimestamp` and `time` the first that
    /// can be read, else the first that is there.
    @inline(__always)
    var time: UnsafeRawBufferPointer {
        let times = found.times
        if times.1.bytes == nil, times.2.bytes == nil { return UnsafeRawBufferPointer(times.0) }
        return Self.readable(times.0, times.1, times.2)
    }

    @inline(never)
    private static func readable(
        _ first: csimdjson_text,
        _ second: csimdjson_text,
        _ third: csimdjson_text
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

    /// The object last read, as an event.
    ///
    /// In line, since a method of a large struct is otherwise handed a copy of it.
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
    /// The rejection for a reading that failed.
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
