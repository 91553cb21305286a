/// An answer on its way from a committer to the receiver that owns the socket.
///
///     offset  bytes
///     0       1     bytes of the peer's routing id
///     1       1     0
///     2       2     bytes of the envelope
///     4       2     number of the connection, as in ``IntakeRecord``
///     6       2     0
///     8             routing id, envelope, answer (JSON), without gaps
package struct Acknowledgement {
    package static let headerByteCount = 8

    let peer: UInt16
    let routingID: UnsafeRawBufferPointer
    /// As in ``IntakeRecord``.
    let envelope: UnsafeRawBufferPointer
    let answer: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        let envelopeStart = Self.headerByteCount + Int(bytes[0])
        let answerStart = envelopeStart + Int(bytes.load(fromByteOffset: 2, as: UInt16.self))
        peer = bytes.load(fromByteOffset: 4, as: UInt16.self)
        routingID = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<envelopeStart])
        envelope = UnsafeRawBufferPointer(rebasing: bytes[envelopeStart..<answerStart])
        answer = UnsafeRawBufferPointer(rebasing: bytes[answerStart...])
    }

    /// Bytes of the answer to a record.
    package static func byteCount(for record: IntakeRecord, answer: Int) -> Int {
        headerByteCount + record.routingID.count + record.envelope.count + answer
    }

    /// Writes the answer to a record, with the envelope it came in.
    package static func write(
        to room: UnsafeMutableRawPointer,
        for record: IntakeRecord,
        answer: UnsafeRawBufferPointer
    ) {
        room.storeBytes(of: 0, as: UInt64.self)
        room.storeBytes(of: UInt8(truncatingIfNeeded: record.routingID.count), as: UInt8.self)
        room.storeBytes(
            of: UInt16(truncatingIfNeeded: record.envelope.count),
            toByteOffset: 2,
            as: UInt16.self
        )
        room.storeBytes(of: record.peer, toByteOffset: 4, as: UInt16.self)
        var at = copy(record.routingID, to: room + headerByteCount)
        at = copy(record.envelope, to: at)
        _ = copy(answer, to: at)
    }

    private static func copy(
        _ part: UnsafeRawBufferPointer,
        to room: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        if let start = part.baseAddress { room.copyMemory(from: start, byteCount: part.count) }
        return room + part.count
    }
}

/// The JSON of answers, as contract and protocol page give it.
package enum AnswerText {
    /// Bytes that ``writeCommitted(events:to:)`` can need.
    package static let committedBytesMax = 80

    private static let beforeEvents: StaticString = #"{"status":"committed","events":"#
    private static let behindEvents: StaticString = #","quarantined":[]}"#

    /// Writes the answer to a message of which nothing is in quarantine, and gives its length.
    ///
    /// `room`: at least ``committedBytesMax`` bytes. Allocates nothing.
    package static func writeCommitted(
        events: Int,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(room.count >= committedBytesMax, "no room for an answer")
        var end = beforeEvents.utf8CodeUnitCount
        room.copyMemory(from: UnsafeRawBufferPointer(beforeEvents))
        var digits = 1
        var rest = events / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        rest = events
        for at in stride(from: end + digits - 1, through: end, by: -1) {
            room[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
        }
        end += digits
        UnsafeMutableRawBufferPointer(rebasing: room[end...])
            .copyMemory(from: UnsafeRawBufferPointer(behindEvents))
        return end + behindEvents.utf8CodeUnitCount
    }

    /// `quarantined` is JSON of the array's inside: `{"index":3,"reason":"invalid_json"}`,
    /// comma-separated.
    ///
    /// `duplicates`: how many of `events` came before, and are safe since then; told when there are
    /// any.
    package static func committed(
        events: Int,
        duplicates: Int = 0,
        quarantined: String
    ) -> String {
        let repeated = duplicates > 0 ? #","duplicates":\#(duplicates)"# : ""
        return #"{"status":"committed","events":\#(events)\#(repeated),"#
            + #""quarantined":[\#(quarantined)]}"#
    }

    package static func rejected(_ reason: String) -> String {
        #"{"status":"rejected","reason":"\#(reason)"}"#
    }

    package static func unavailable(_ reason: String) -> String {
        #"{"status":"unavailable","reason":"\#(reason)"}"#
    }
}

extension UnsafeRawBufferPointer {
    /// The text's UTF-8, which is there as long as the program.
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
