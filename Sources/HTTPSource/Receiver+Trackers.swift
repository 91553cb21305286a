import Intake
import NIOCore
import NIOHTTP1
import Webhooks

/// Requests of Snowplow's trackers and PostHog's SDKs.
extension Receiver {
    /// Fields of a query with a key, which are no part of the event.
    private static let keyNames = ["writeKey", "writekey", "token"]

    /// The answer to a request whose query is to be an event; nil if it is to be taken.
    func refusal(
        ofQuery head: HTTPRequestHead,
        _ taking: Route.Taking,
        request: inout Request,
        client: Client
    ) -> Reply? {
        request.wantsImage =
            head.headers.first(name: "accept")?.hasPrefix("image/") ?? false
        if let refusal = refusal(of: head, taking, request: &request, client: client) {
            return refusal
        }
        guard let event = Self.event(Array(Self.parts(head.uri).query.utf8), of: taking.profile)
        else {
            let why = "the query has no event that can be read"
            return reject(.refused(.badRequest, .badRequest, why: why), of: request)
        }
        request.queryEvent = ByteBuffer(bytes: event)
        return nil
    }

    private static func event(_ query: [UInt8], of profile: HTTPConfiguration.Profile) -> [UInt8]? {
        guard let form = try? FormFields(query), form.count > 0 else { return nil }
        if profile == .snowplow {
            return FormObject.json(form, nesting: false, without: keyNames)
        }
        return form.only("data").flatMap { try? EncodedData.decode($0) }
    }

    /// Takes the events out of a form; a body that is none stays as it is.
    ///
    /// What the client says of its body does not matter: some say a form and send gzip.
    func completePostHog(_ body: inout Body, of request: Request) {
        guard request.queryEvent == nil else { return }
        let events = body.bytes.withUnsafeReadableBytes { bytes -> [UInt8]? in
            guard bytes.starts(with: "data=".utf8) || request.isForm,
                bytes.first.map({ $0 != UInt8(ascii: "{") && $0 != 0x1F }) ?? false,
                let form = try? FormFields(bytes)
            else { return nil }
            return form.only("data").flatMap { try? EncodedData.decode($0) }
        }
        if let events { body.change { _ in ByteBuffer(bytes: events) } }
    }
}

extension Request {
    /// The answer in the form that the client understands.
    func dressed(_ reply: Reply) -> Reply {
        switch profile {
        case .snowplow:
            if reply.status == .ok || reply.isKept {
                return wantsImage
                    ? .pixel : Reply(.ok, ByteBuffer(staticString: "ok"), type: Reply.text)
            }
            let isFinal = [.notFound, .methodNotAllowed, .payloadTooLarge, .unsupportedMediaType]
                .contains(reply.status)
            guard isFinal else { return reply }
            var reply = reply
            reply.status = .badRequest
            return reply
        case .posthog where reply.status == .ok:
            return Reply(.ok, ByteBuffer(staticString: #"{"status":1}"#))
        default: return reply
        }
    }
}
