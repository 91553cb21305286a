import Intake
import NIOCore
import NIOHTTP1

/// The answers of writers, in HTTP.
extension Reply {
    /// Quarantined pieces that are listed in an answer.
    private static let listedMax = 101

    init(_ answer: Answer) {
        if answer.isPlain {
            self.init(.ok, Self.committed(answer.events))
            return
        }
        switch answer.status {
        case .committed: self = Self.committed(answer)
        case .rejected: self = Self.rejected(answer.reason)
        case .unavailable:
            self =
                answer.reason == "draining"
                ? .draining
                : .blocked(answer.reason == "quarantine_full" ? Self.full : answer.reason)
        }
    }

    private static let full = "something in it cannot be accepted, and quarantine is full"

    private static let before: StaticString = #"{"success":true,"status":"committed","events":"#

    private static func committed(_ events: Int) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(64)
        body.writeStaticString(before)
        body.writeString("\(events)")
        body.writeStaticString("}")
        return body
    }

    private static func committed(_ answer: Answer) -> Reply {
        let refused = answer.refused.count + answer.moreRefused
        // Of nothing acceptable the client must not think that it arrived as an event. What waits for
        // its key has: no client would repeat it after a 400.
        let isWaiting = answer.refused.contains { $0.reason == Code.unknownKey.rawValue }
        if answer.events == 0, !isWaiting, let first = answer.refused.first {
            var reply = Self.refused(
                .badRequest,
                first.reason,
                why: first.detail,
                more: #","kept":true,"quarantined":\#(list(answer))"#
            )
            reply.isKept = true
            return reply
        }
        var text = #"{"success":true,"status":"committed","events":\#(answer.events)"#
        if answer.duplicates > 0 { text += #","duplicates":\#(answer.duplicates)"# }
        text += AnswerText.warnings(answer)
        if refused > 0 { text += #","quarantined":\#(list(answer))"# }
        return Reply(.ok, ByteBuffer(string: text + "}"))
    }

    /// Reasons contain no text of the client, and details have their escapes.
    private static func list(_ answer: Answer) -> String {
        var pieces = answer.refused.prefix(listedMax).map { piece in
            #"{"index":\#(piece.index),"offset":\#(piece.offset),"reason":"\#(piece.reason)","#
                + #""detail":"\#(piece.detail)"}"#
        }
        if answer.moreRefused > 0 { pieces.append(#"{"more":\#(answer.moreRefused)}"#) }
        return "[\(pieces.joined(separator: ","))]"
    }

    private static func rejected(_ reason: String) -> Reply {
        switch reason {
        case Code.unauthorized.rawValue: .unauthorized
        case Code.origin.rawValue: .wrongOrigin
        case Code.quota.rawValue: .quota(seconds: 1)
        default: refused(.badRequest, reason, why: "nothing of it was kept")
        }
    }

    static var wrongOrigin: Reply {
        refused(.forbidden, .origin, why: "pages of this origin may not send with this key")
    }
}
