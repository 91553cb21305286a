import NIOCore
import NIOHTTP1

/// An answer to a request.
struct Reply {
    /// Why a request was refused; the raw value is the `code` of the answer.
    enum Code: String {
        case badRequest = "bad_request"
        case headersTooLarge = "headers_too_large"
        case unauthorized
        case badSignature = "bad_signature"
        case badLink = "bad_link"
        case origin
        /// Of events in quarantine.
        case unknownKey = "unknown_key"
        case notFound = "not_found"
        case method
        case coding
        case tooLarge = "too_large"
        case quota
        case slow
        case draining
        case blocked
        case timeout
        case internalError = "internal"
    }

    var status: HTTPResponseStatus
    var body: ByteBuffer
    var type = Reply.json
    /// Beside those that all answers have.
    var fields: [(String, String)] = []
    /// Whether the events, none of which is acceptable, are in quarantine.
    var isKept = false
    /// Whether the connection ends with it.
    var closes = false

    static let json = "application/json"
    static let text = "text/plain; charset=utf-8"

    init(_ status: HTTPResponseStatus, _ body: ByteBuffer, type: String = Reply.json) {
        self.status = status
        self.body = body
        self.type = type
    }

    /// A refusal, which SDKs read by `code` and `message`.
    ///
    /// `message`: without quotes, backslashes and control characters.
    static func refused(
        _ status: HTTPResponseStatus,
        _ code: Code,
        why message: String,
        fields: [(String, String)] = [],
        closes: Bool = false
    ) -> Reply {
        refused(status, code.rawValue, why: message, fields: fields, closes: closes)
    }

    static func refused(
        _ status: HTTPResponseStatus,
        _ code: String,
        why message: String,
        more: String = "",
        fields: [(String, String)] = [],
        closes: Bool = false
    ) -> Reply {
        var reply = Reply(
            status,
            ByteBuffer(string: #"{"code":"\#(code)","message":"\#(message)"\#(more)}"#)
        )
        reply.fields = fields
        reply.closes = closes
        return reply
    }

    static func retry(seconds: Int) -> (String, String) { ("Retry-After", "\(seconds)") }

    static var draining: Reply {
        refused(
            .serviceUnavailable,
            .draining,
            why: "the collector is shutting down; send again in a moment",
            fields: [retry(seconds: 1)],
            closes: true
        )
    }

    static func blocked(_ why: String) -> Reply {
        refused(
            .serviceUnavailable,
            .blocked,
            why: "nothing was kept: \(why); send again later",
            fields: [retry(seconds: 5)]
        )
    }

    static var unauthorized: Reply {
        refused(.unauthorized, .unauthorized, why: "the write key is missing or not known here")
    }

    static var timeout: Reply {
        refused(
            .serviceUnavailable,
            .timeout,
            why: "not committed in time, and perhaps later: send it again with the same ids",
            fields: [retry(seconds: 1)]
        )
    }

    static var unknownCoding: Reply {
        refused(
            .unsupportedMediaType,
            .coding,
            why: "this Content-Encoding is not known here; send gzip, deflate or nothing",
            fields: [("Accept-Encoding", "gzip, deflate")]
        )
    }

    static func tooLarge(_ limit: Int, as status: HTTPResponseStatus) -> Reply {
        refused(
            status,
            .tooLarge,
            why: "the body is longer than \(limit) bytes, the limit here; nothing was kept",
            closes: true
        )
    }
}
