/// The JSON of answers, as the contract and the protocol page define it.
package enum AnswerText {
    /// Bytes that ``writeCommitted(events:to:)`` needs at most.
    package static let committedBytesMax = 80

    private static let beforeEvents: StaticString = #"{"status":"committed","events":"#
    private static let behindEvents: StaticString = #","quarantined":[]}"#

    /// Writes the answer to a message without quarantined pieces, and returns its length.
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

    /// An answer's JSON.
    ///
    /// Its texts need no escapes: reasons contain no text of the producer, and details and violations
    /// have their escapes.
    package static func json(_ answer: Answer) -> String {
        switch answer.status {
        case .committed: committed(answer)
        case .rejected: #"{"status":"rejected","reason":"\#(answer.reason)"}"#
        case .unavailable: #"{"status":"unavailable","reason":"\#(answer.reason)"}"#
        }
    }

    /// The member with an answer's warnings, after a comma; empty without any.
    package static func warnings(_ answer: Answer) -> String {
        guard !answer.warnings.isEmpty else { return "" }
        var listed = answer.warnings.map {
            #"{"index":\#($0.index),"violations":[\#($0.violations)]}"#
        }
        if answer.moreWarnings > 0 { listed.append(#"{"more":\#(answer.moreWarnings)}"#) }
        return #","warnings":[\#(listed.joined(separator: ","))]"#
    }

    /// The JSON of a committed message; lists duplicates only when there are any.
    private static func committed(_ answer: Answer) -> String {
        let repeated = answer.duplicates > 0 ? #","duplicates":\#(answer.duplicates)"# : ""
        var quarantined = answer.refused.map { piece in
            #"{"index":\#(piece.index),"offset":\#(piece.offset),"reason":"\#(piece.reason)","#
                + #""detail":"\#(piece.detail)"}"#
        }
        if answer.moreRefused > 0 { quarantined.append(#"{"more":\#(answer.moreRefused)}"#) }
        return #"{"status":"committed","events":\#(answer.events)\#(repeated)\#(warnings(answer)),"#
            + #""quarantined":[\#(quarantined.joined(separator: ","))]}"#
    }
}

extension UnsafeRawBufferPointer {
    /// The text's UTF-8, valid as long as the program runs.
    fileprivate init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
