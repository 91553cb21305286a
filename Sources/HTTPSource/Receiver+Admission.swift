import Intake
import NIOCore
import NIOHTTP1
import Platform
import Synchronization
import Webhooks

/// Decides on requests by their heads.
extension Receiver {
    /// The answer to a request whose body is not needed; nil if it is to be received.
    func refusal(of head: HTTPRequestHead, _ request: inout Request, _ client: Client) -> Reply? {
        if request.isChunked, request.declaredBytes != nil {
            return .refused(.badRequest, .badRequest, why: "two lengths of one body", closes: true)
        }
        let path = Self.parts(head.uri).path
        let origin = head.headers.first(name: "origin")
        if head.method == .OPTIONS { return preflight(head.headers, origin) }
        if let (door, rest) = doors.find(path) {
            request.label = .webhook
            return refusal(of: head, to: door, rest: rest, request: &request, client: client)
        }
        if isLink(path) {
            request.label = .redirect
            return follow(head, request: &request, client: client)
        }
        let route = Route(head.method, path, of: configuration)
        if Route.isOfSnowplow(path, configuration) { request.profile = .snowplow }
        if case .events(let taking) = route {
            request.profile = taking.profile
            request.label = RequestFigures.Label(taking.profile)
            return refusal(of: head, taking, request: &request, client: client)
        }
        if case .query(let taking) = route {
            request.profile = taking.profile
            request.label = RequestFigures.Label(taking.profile)
            return refusal(ofQuery: head, taking, request: &request, client: client)
        }
        allow(origin, &request)
        if case .pixel(let form) = route, !request.isHead {
            request.label = RequestFigures.Label(.pixel)
            return pixel(head, form, request: &request, client: client)
        }
        return answer(to: route, head.headers, client)
    }

    /// The answer to an image whose event cannot be taken; nil if it can.
    ///
    /// Nobody repeats such a request, so it is always the image, and what is lost is counted.
    private func pixel(
        _ head: HTTPRequestHead,
        _ form: RequestNote.Form,
        request: inout Request,
        client: Client
    ) -> Reply? {
        let taking = Route.Taking(profile: .pixel, form: form)
        guard !request.hasBody, !isDraining, held == nil,
            let event = PixelQuery.event(Self.parts(head.uri).query)
        else {
            shared.rejected.count()
            return .pixel
        }
        if refusal(of: head, taking, request: &request, client: client) != nil { return .pixel }
        request.pixel = event
        return nil
    }

    /// The answer to a request that brings no events.
    private func answer(to route: Route, _ headers: HTTPHeaders, _ client: Client) -> Reply {
        switch route {
        case .health: return Reply(.ok, ByteBuffer(staticString: "ok\n"), type: Reply.text)
        case .ready: return readiness
        case .robots:
            return Reply(
                .ok,
                ByteBuffer(staticString: "User-agent: *\nDisallow: /\n"),
                type: Reply.text
            )
        case .telemetry: return Reply(.ok, ByteBuffer(staticString: #"{"success":true}"#))
        case .settings(let key): return settings(of: key, headers, client)
        case .pixel: return .pixel
        case .events, .query, .unknown:
            return .refused(.notFound, .notFound, why: "there is no such path here")
        case .wrongMethod(let allowed):
            return wrongMethod(allowed: allowed)
        }
    }

    func wrongMethod(allowed: String) -> Reply {
        .refused(
            .methodNotAllowed,
            .method,
            why: "this path takes \(allowed)",
            fields: [("Allow", allowed)]
        )
    }

    /// The answer to a request with events; nil if its body is to be received.
    func refusal(
        of head: HTTPRequestHead,
        _ taking: Route.Taking,
        request: inout Request,
        client: Client
    ) -> Reply? {
        let (headers, query) = (head.headers, Self.parts(head.uri).query)
        request.isForm = headers.first(name: "content-type")?.hasPrefix(Self.formType) ?? false
        let origin = headers.first(name: "origin")
        var flags: RequestNote.Flags = keys.isOpen ? [] : .hidesKeys
        if !keys.isOpen {
            if let key = Credentials.key(headers, query: query) {
                request.key = keys.place(of: key)
                request.producer = request.key.map { producers[$0] }
                if request.key == nil, let refusal = refusal(ofUnknownKey: &request, client) {
                    allow(origin, &request)
                    return refusal
                }
                if request.hasUnknownKey { flags.insert(.isUnknownKey) }
            } else if taking.profile.hasKeyInBody {
                flags.insert(.needsKey)
            }
            guard request.hasProducer || flags.contains(.needsKey) else {
                allow(origin, &request)
                configuration.keys.unknown.countWithoutKey()
                commons.tell(.unknownWriteKey, client, why: Self.unknownKey)
                return reject(.unauthorized)
            }
        }
        if let origin, !keys.allows(origin, key: request.key) {
            return reject(.wrongOrigin, of: request)
        }
        request.origin = origin
        if let refusal = refusal(ofLoad: headers, &request, &flags) { return refusal }
        if taking.isEnvelope { flags.insert(.isEnvelope) }
        request.note = note(head, taking.form, flags: flags, request: request, client: client)
        return nil
    }

    private static let formType = "application/x-www-form-urlencoded"

    static let unknownKey = "the write key is missing or not known"

    /// The answer to a request that cannot be taken now, or in its form; nil if it can.
    func refusal(
        ofLoad headers: HTTPHeaders,
        _ request: inout Request,
        _ flags: inout RequestNote.Flags
    ) -> Reply? {
        if isDraining { return .draining }
        if let held { return .blocked(held) }
        if let wait = quotaWait(request) {
            return reject(.quota(seconds: wait), of: request)
        }
        switch Self.coding(headers) {
        case .plain: break
        case .deflate: flags.insert(.isDeflated)
        case .unknown(let reply): return reject(reply)
        }
        if request.profile == .cloudevents,
            let refusal = refusal(ofCloudEvent: headers, &request)
        {
            return refusal
        }
        if let declared = request.declaredBytes, declared > configuration.limits.messageBytesMax {
            return tooLarge(request)
        }
        return nil
    }

    /// How long the key of a request has to wait for its rate, or its producer for its limits, in
    /// seconds; nil if neither has to.
    private func quotaWait(_ request: Request) -> Int? {
        if let key = request.key, let wait = configuration.keys.wait(for: keys.keys[key]) {
            return wait
        }
        return producers.wait(
            request,
            monotonic: SystemClock.monotonicNanoseconds,
            wall: SystemClock.wallMicroseconds
        )
    }

    /// The knowledge that the writer needs of a request.
    func note(
        _ head: HTTPRequestHead,
        _ form: RequestNote.Form,
        flags: RequestNote.Flags,
        request: Request,
        client: Client
    ) -> [UInt8] {
        let headers = head.headers
        let key = request.key.map { keys.keys[$0] }
        var (flags, metadata) = (flags, RequestMetadata())
        let wishes = PrivacyWishes(headers, privacy)
        if wishes.isDeclined { flags.insert(.isDeclined) }
        if wishes.address == .none { flags.insert(.isAnonymous) }
        for part in configuration.clients.metadata {
            switch part {
            case .key:
                metadata.add("key", key?.name ?? "")
                if flags.contains(.needsKey) { flags.insert(.namesKey) }
            case .ip: metadata.add("ip", address(of: client, headers, kept: wishes.address))
            case .userAgent where wishes.isAnonymous: break
            case .userAgent: metadata.add("userAgent", headers.first(name: "user-agent") ?? "")
            case .origin: metadata.add("origin", request.origin ?? "")
            case .path:
                // The end of a webhook's path can be a secret.
                let path = request.delivery?.door.settings.path
                metadata.add("path", path ?? String(Self.parts(head.uri).path))
            }
        }
        wishes.add(to: &metadata)
        return RequestNote.bytes(
            flags: flags,
            form: form,
            channel: request.delivery?.door.settings.channel ?? key?.channel ?? "",
            origin: flags.contains(.needsKey) ? request.origin ?? "" : "",
            metadata: metadata.member,
            places: request.delivery?.door.settings.fields.places(headers)
                ?? request.profile?.places ?? []
        )
    }

    /// As much of the client's address as is kept.
    private func address(
        of client: Client,
        _ headers: HTTPHeaders,
        kept: PrivacyRules.Address
    ) -> String {
        let proxies = configuration.clients.proxies
        guard let peer = client.address, kept != .none else { return "" }
        if proxies.isEmpty, kept == .truncate { return client.network }
        let address = ClientAddress.client(
            of: peer,
            forwarded: headers[canonicalForm: "x-forwarded-for"].map(String.init),
            proxies: proxies
        )
        return ClientAddress.text(kept == .full ? address : ClientAddress.cut(address))
    }

    /// Why nothing is taken in now; nil if something is.
    var held: String? {
        let requests = shared.requests
        return requests.isDisjoint(with: .held) ? nil : Self.reason(requests)
    }

    private var readiness: Reply {
        if isDraining || shared.requests.contains(.draining) { return .draining }
        if let held { return .blocked(held) }
        return Reply(.ok, ByteBuffer(staticString: "ready\n"), type: Reply.text)
    }

    func tooLarge(_ request: Request) -> Reply {
        // Some clients repeat a 413 without limit, at the head of their queue.
        let status: HTTPResponseStatus =
            request.profile == .segment ? .badRequest : .payloadTooLarge
        return reject(.tooLarge(configuration.limits.messageBytesMax, as: status))
    }

    func reject(_ reply: Reply, of request: Request? = nil) -> Reply {
        shared.rejected.count()
        if let request, request.key != nil || request.delivery != nil {
            producers[request].note(refusal: "\(reply.status.code)")
        }
        return reply
    }

    /// Lets a page read the answer if any key allows its origin.
    private func allow(_ origin: String?, _ request: inout Request) {
        if let origin, keys.allows(origin, key: nil) { request.origin = origin }
    }

    static func parts(_ uri: String) -> (path: Substring, query: Substring) {
        guard let mark = uri.firstIndex(of: "?") else { return (uri[...], "") }
        return (uri[..<mark], uri[mark...].dropFirst())
    }

    private enum Coding {
        case plain
        case deflate
        case unknown(Reply)
    }

    /// How a body is coded; what is gzip is seen from its first bytes.
    private static func coding(_ headers: HTTPHeaders) -> Coding {
        var coding = Coding.plain
        for name in headers[canonicalForm: "content-encoding"] {
            switch name.lowercased() {
            case "", "identity", "gzip", "x-gzip": continue
            case "deflate": coding = .deflate
            default: return .unknown(.unknownCoding)
            }
        }
        guard let type = headers.first(name: "content-type"),
            type.lowercased().hasPrefix("multipart/")
        else { return coding }
        let text = "multipart bodies are not taken; send JSON"
        return .unknown(.refused(.unsupportedMediaType, .coding, why: text))
    }

    // MARK: - Pages

    /// The longest list of headers that a browser may ask for.
    private static let askedBytesMax = 1_024

    /// The answer to a browser that asks whether a page may send.
    private func preflight(_ headers: HTTPHeaders, _ origin: String?) -> Reply {
        var reply = Reply(.noContent, ByteBuffer())
        // A sender of CloudEvents asks whether it may; its key is asked for with each event.
        if let sender = headers.first(name: "webhook-request-origin"),
            sender.utf8.count <= Self.askedBytesMax, sender.utf8.allSatisfy(Self.isTokenListByte)
        {
            reply.fields = [("WebHook-Allowed-Origin", sender), ("WebHook-Allowed-Rate", "*")]
            return reply
        }
        guard let origin, keys.allows(origin, key: nil) else { return reply }
        reply.fields = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
            ("Access-Control-Max-Age", "7200"),
            ("Vary", "Origin, Access-Control-Request-Headers"),
        ]
        if let asked = headers.first(name: "access-control-request-headers"),
            asked.utf8.count <= Self.askedBytesMax, asked.utf8.allSatisfy(Self.isTokenListByte)
        {
            reply.fields.append(("Access-Control-Allow-Headers", asked))
        }
        return reply
    }

    private static func isTokenListByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "."):
            true
        default: false
        }
    }

    // MARK: - Counting

    func countViolation() { shared.connections.violations.count() }

    func countTimedOut() { shared.connections.timedOut.count() }

    func countFailedHandshake() { shared.connections.failedHandshakes.count() }
}
