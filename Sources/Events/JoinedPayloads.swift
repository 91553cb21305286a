import CSimdJSON

/// Payloads of one object each, copied one behind the other, to be read as one text.
///
/// The messages of a producer that does not batch are such payloads. Read together, they cost hardly
/// more than the events of a batch: what is done once an index is done once for all of them, and each
/// step of an event's way is taken for several events in turn.
///
/// Nothing stands between them: a payload that is whole by itself ends outside of strings, and begins
/// with a brace.
///
/// One thread at a time.
package struct JoinedPayloads: ~Copyable {
    /// 16 and 128 gain as much.
    package static let countMax = 64
    /// Of one payload; a larger one is a text worth an index of its own.
    static let payloadBytesMax = 4 << 10
    /// Of all together: they are read again while they are still in the processor's caches.
    static let textBytesMax = 32 << 10
    /// simdjson reads in steps of 64 bytes.
    private static let paddingBytes = 64

    private let text = UnsafeMutableRawPointer.allocate(
        byteCount: textBytesMax + paddingBytes,
        alignment: 64
    )
    /// Where each payload ends in the text.
    let ends = UnsafeMutablePointer<Int>.allocate(capacity: countMax)
    package private(set) var count = 0
    private var byteCount = 0

    package init() {
        text.initializeMemory(
            as: UInt8.self,
            repeating: 0,
            count: Self.textBytesMax + Self.paddingBytes
        )
    }

    deinit {
        text.deallocate()
        ends.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: text, count: byteCount) }

    /// Copies a payload behind those that are there.
    ///
    /// False, and nothing done, when it does not look like one object, or there is no room.
    package mutating func add(_ payload: UnsafeRawBufferPointer) -> Bool {
        let size = payload.count
        guard size >= 2, size <= Self.payloadBytesMax, count < Self.countMax,
            size <= Self.textBytesMax - byteCount, let start = payload.baseAddress,
            payload[0] == UInt8(ascii: "{"), payload[size - 1] == UInt8(ascii: "}")
        else { return false }
        (text + byteCount).copyMemory(from: start, byteCount: size)
        byteCount += size
        ends[count] = byteCount
        count += 1
        return true
    }

    package mutating func removeAll() {
        count = 0
        byteCount = 0
    }
}

extension PayloadReader {
    /// Begins payloads that are read as one text; they must stay as they are until they are read.
    ///
    /// Each piece is then the event that the next payload is. The reading ends early, with no
    /// rejection, at the first payload that is anything else than one acceptable event: it and what
    /// stands behind it are to be read by themselves.
    package mutating func begin(_ joined: borrowing JoinedPayloads) {
        restart(joined.bytes)
        ends = UnsafeBufferPointer(start: joined.ends, count: joined.count)
        mode = reader.index(payload) == CSIMDJSON_OK ? .joined : .done
    }

    mutating func nextJoined(_ view: inout EventView) -> Bool {
        let code = read()
        let object = reader.found.object
        if code == CSIMDJSON_OK, pieces < ends.count,
            object.start == (pieces == 0 ? 0 : ends[pieces - 1]),
            object.start + object.length == ends[pieces], reader.found.batch.length == 0
        {
            accept(&view)
            if view.rejection == nil { return true }
        }
        mode = .done
        return false
    }
}
