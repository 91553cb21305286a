import CSimdJSON

/// Payloads of one object each, concatenated so that they are read as one text.
///
/// A producer that does not batch sends such messages. Read together, they cost hardly more than
/// the events of a batch: the work per index is done once for all of them, and each processing step
/// handles several events in turn.
///
/// No separator is needed: a valid payload ends outside strings, and begins with a brace.
///
/// One thread at a time.
package struct JoinedPayloads: ~Copyable {
    /// 16 and 128 perform equally well.
    package static let countMax = 64
    /// The largest payload to join; a larger one is worth its own index.
    static let payloadBytesMax = 4 << 10
    /// The total limit: the payloads are read again while they are in the processor's caches.
    static let textBytesMax = 32 << 10
    /// simdjson reads in steps of 64 bytes.
    private static let paddingBytes = 64

    private let text = UnsafeMutableRawPointer.allocate(
        byteCount: textBytesMax + paddingBytes,
        alignment: 64
    )
    /// The end of each payload in the text.
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

    /// Appends a copy of a payload.
    ///
    /// Returns false, without effect, if it does not look like one object, or there is no room.
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
    /// Begins payloads that are read as one text; they must not change until they are read.
    ///
    /// Each piece is then the event of the next payload. Reading ends early, without a rejection,
    /// at the first payload that is not exactly one acceptable event: read it and the later ones
    /// one at a time.
    package mutating func begin(_ joined: borrowing JoinedPayloads) {
        restart(joined.bytes)
        ends = UnsafeBufferPointer(start: joined.ends, count: joined.count)
        mode = reader.index(payload) == CSIMDJSON_OK ? .joined : .done
    }

    mutating func nextJoined(_ view: inout EventView) -> Bool {
        let code = read()
        let object = reader.found.object
        if code == CSIMDJSON_OK, pieces.count < ends.count,
            object.start == (pieces.isEmpty ? 0 : ends[pieces.count - 1]),
            object.start + object.length == ends[pieces.count], reader.found.batch.length == 0
        {
            accept(&view)
            if view.rejection == nil { return true }
        }
        mode = .done
        return false
    }
}
