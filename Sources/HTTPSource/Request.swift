import Intake
import NIOCore
import NIOHTTP1
import Webhooks

/// The facts of a request that its answer depends on.
struct Request {
    private(set) var isHead = false
    private(set) var isKeptAlive = false
    private(set) var isOldVersion = false
    /// The length that the client declared.
    private(set) var declaredBytes: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    /// Whether all of it has come.
    var hasEnded = false
    /// The page that may read the answer.
    var origin: String?
    var profile: HTTPConfiguration.Profile?
    /// What its answer counts as.
    var label = RequestFigures.Label.other
    /// Whether its key is not known, and its events are kept in quarantine.
    var hasUnknownKey = false
    /// The event of a request without a body, an image's: its answer is always the image.
    var pixel: ByteBuffer?
    /// The event of a request without a body, its query.
    var queryEvent: ByteBuffer?
    /// Whether its body says that it is a form.
    var isForm = false
    /// Whether its client asks for an image.
    var wantsImage = false
    /// What the writer has to know, a ``RequestNote``.
    var note: [UInt8] = []
    /// The attributes of a CloudEvent whose body is only its data; nil for another.
    var attributes: HeaderLines?
    /// The place of its key in the table of the time of its head; nil without one.
    var key: Int?
    /// The producer of its key; nil without one.
    var producer: Producer?
    /// Its webhook; nil for another path.
    var delivery: Delivery?
    /// The link that it follows; nil for another path.
    var following: Following?

    /// A request of which nothing is known: it could not be read.
    init() {
        hasEnded = true
    }

    init(_ head: HTTPRequestHead) {
        isHead = head.method == .HEAD
        isKeptAlive = head.isKeepAlive
        isOldVersion = head.version == .http1_0
        declaredBytes = head.headers.first(name: "content-length").flatMap { Int($0) }
        isChunked = head.headers.contains(name: "transfer-encoding")
        expectsContinue =
            !isOldVersion && head.headers.first(name: "expect")?.lowercased() == "100-continue"
    }

    /// Whether its producer is known before its body is read.
    var hasProducer: Bool { key != nil || delivery != nil || following != nil || hasUnknownKey }

    var hasBody: Bool { isChunked || (declaredBytes ?? 0) > 0 }

    /// The fields of an answer.
    func fields(for reply: Reply, closes: Bool) -> HTTPHeaders {
        var fields = HTTPHeaders()
        fields.reserveCapacity(9)
        if reply.status != .noContent {
            if reply.body.readableBytes > 0 { fields.add(name: "Content-Type", value: reply.type) }
            fields.add(name: "Content-Length", value: "\(reply.body.readableBytes)")
        }
        fields.add(name: "Cache-Control", value: "no-store")
        for (name, value) in reply.fields { fields.add(name: name, value: value) }
        if let origin {
            fields.add(name: "Access-Control-Allow-Origin", value: origin)
            fields.add(name: "Access-Control-Allow-Credentials", value: "true")
            fields.add(name: "Access-Control-Expose-Headers", value: "Retry-After")
            fields.add(name: "Vary", value: "Origin")
        }
        if closes {
            fields.add(name: "Connection", value: "close")
        } else if isOldVersion {
            fields.add(name: "Connection", value: "keep-alive")
        }
        return fields
    }
}

extension Reply {
    static var slow: Reply {
        refused(
            .requestTimeout,
            .slow,
            why: "the request did not come whole in time; nothing was kept",
            closes: true
        )
    }

    /// The answer to what is no HTTP, or too much of it.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow:
            self = .refused(
                .requestHeaderFieldsTooLarge,
                .headersTooLarge,
                why: "the limits are 16 KiB a header field, 64 KiB and 100 fields in all",
                closes: true
            )
        default:
            self = .refused(
                .badRequest,
                .badRequest,
                why: "this is no valid HTTP/1.1",
                closes: true
            )
        }
    }
}
