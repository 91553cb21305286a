/// An answer on its way from a committer to the receiver that owns the socket.
///
///     offset  bytes
///     0       4     bytes of the peer's identity
///     4       2     bytes of the request id
///     6       1     1 when a frame for the request id (REQ's is empty) is sent, else 0
///     8             identity, request id, answer (JSON), without gaps
package struct Acknowledgement {
    package static let headerByteCount = 8

    let identity: UnsafeRawBufferPointer
    /// Nil: no frame for it.
    let requestID: UnsafeRawBufferPointer?
    let answer: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        let identityCount = Int(bytes.load(as: UInt32.self))
        let requestCount = Int(bytes.load(fromByteOffset: 4, as: UInt16.self))
        let requestStart = Self.headerByteCount + identityCount
        let answerStart = requestStart + requestCount
        identity = UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount..<requestStart])
        let hasRequestFrame = bytes[6] == 1
        requestID =
            hasRequestFrame
            ? UnsafeRawBufferPointer(rebasing: bytes[requestStart..<answerStart]) : nil
        answer = UnsafeRawBufferPointer(rebasing: bytes[answerStart...])
    }

    /// Bytes of a record.
    package static func byteCount(identity: Int, requestID: Int, answer: Int) -> Int {
        headerByteCount + identity + requestID + answer
    }

    package static func write(
        to room: UnsafeMutableRawPointer,
        identity: UnsafeRawBufferPointer,
        requestID: UnsafeRawBufferPointer,
        hasRequestFrame: Bool,
        answer: UnsafeRawBufferPointer
    ) {
        room.storeBytes(of: UInt32(truncatingIfNeeded: identity.count), as: UInt32.self)
        room.storeBytes(
            of: UInt16(truncatingIfNeeded: requestID.count),
            toByteOffset: 4,
            as: UInt16.self
        )
        room.storeBytes(of: hasRequestFrame ? 1 : 0, toByteOffset: 6, as: UInt16.self)
        var at = room + headerByteCount
        for part in [identity, requestID, answer] {
            if let start = part.baseAddress { at.copyMemory(from: start, byteCount: part.count) }
            at += part.count
        }
    }
}

/// The JSON of answers, as contract and protocol page give it.
package enum AnswerText {
    /// `quarantined` is JSON of the array's inside: `{"index":3,"reason":"invalid_json"}`,
    /// comma-separated.
    package static func committed(events: Int, quarantined: String) -> String {
        #"{"status":"committed","events":\#(events),"quarantined":[\#(quarantined)]}"#
    }

    package static func rejected(_ reason: String) -> String {
        #"{"status":"rejected","reason":"\#(reason)"}"#
    }

    package static func unavailable(_ reason: String) -> String {
        #"{"status":"unavailable","reason":"\#(reason)"}"#
    }
}
