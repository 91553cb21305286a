import Intake
import NIOCore
import NIOHTTP1
import Platform
import Webhooks

/// A request to a webhook, until it is answered.
struct Delivery {
    let door: WebhookDoor
    let query: [UInt8]
    let pathRest: [UInt8]
    let headers: HTTPHeaders
    /// A token that is used by it.
    var mark: ReplayMark?
}

/// Requests of senders that sign them.
///
/// A signature covers the body, so it is checked once the body is whole, before it is in a ring.
extension Receiver {
    /// The answer to a request to a webhook, by its head; nil if its body is to be received.
    func refusal(
        of head: HTTPRequestHead,
        to door: WebhookDoor,
        rest: Substring,
        request: inout Request,
        client: Client
    ) -> Reply? {
        guard head.method == .POST else { return wrongMethod(allowed: "POST") }
        request.delivery = Delivery(
            door: door,
            query: Array(Self.parts(head.uri).query.utf8),
            pathRest: Array(rest.utf8),
            headers: head.headers
        )
        var flags: RequestNote.Flags = []
        if let refusal = refusal(ofLoad: head.headers, &request, &flags) { return refusal }
        request.note = note(head, .any, flags: flags, request: request, client: client)
        return nil
    }

    /// The answer to a whole request that is not from its sender, or is no event; nil if it is.
    ///
    /// A form becomes an object.
    func refusal(
        of body: inout Body,
        _ request: inout Request,
        _ client: Client
    ) -> Reply? {
        guard let delivery = request.delivery else { return nil }
        let now = SystemClock.wallMicroseconds / 1_000_000
        let headers = HeaderLines(
            delivery.headers.map { (name: $0.name, value: $0.value) }
        )
        let outcome = body.bytes.withUnsafeReadableBytes { bytes in
            Self.judge(
                WebhookRequest(
                    headers: headers,
                    body: bytes,
                    query: delivery.query,
                    pathRest: delivery.pathRest
                ),
                by: delivery.door,
                now: now
            )
        }
        switch outcome {
        case .refused(let fault):
            commons.tell(
                .badSignature,
                client,
                why: "webhook \(delivery.door.settings.path): \(Self.text(of: fault))"
            )
            return reject(.badSignature(fault), of: request)
        case .malformed(let fault, let mark):
            if let mark { delivery.door.forget(mark) }
            return reject(.refused(.badRequest, .badRequest, why: fault.plain), of: request)
        case .genuine(let mark, let event):
            request.delivery?.mark = mark
            guard let event else { return nil }
            guard event.count <= configuration.limits.messageBytesMax else {
                return tooLarge(request)
            }
            body.change { _ in ByteBuffer(bytes: event) }
            return nil
        }
    }

    private enum Outcome {
        case genuine(ReplayMark?, event: [UInt8]?)
        case refused(SignatureFault)
        case malformed(FormFault, ReplayMark?)
    }

    private static func judge(
        _ request: WebhookRequest,
        by door: WebhookDoor,
        now: Int64
    ) -> Outcome {
        let mark: ReplayMark?
        do throws(SignatureFault) {
            mark = try door.verify(request, now: now)
        } catch {
            return .refused(error)
        }
        do throws(FormFault) {
            let event = try WebhookBody.event(of: request, preset: door.settings.preset)
            return .genuine(mark, event: event)
        } catch {
            return .malformed(error, mark)
        }
    }

    fileprivate static func text(of fault: SignatureFault) -> String {
        switch fault {
        case .missing: "the signature, or a field that it needs, is missing"
        case .malformed: "the signature cannot be read, or does not cover the body"
        case .mismatch: "the signature is of another body, or made with another secret"
        case .stale: "the signed time is too far from the present"
        case .replayed: "the same signature was used before"
        }
    }
}

extension Request {
    /// Lets the sender repeat the request, unless its events are on stable storage.
    func settle(_ status: HTTPResponseStatus?) {
        guard status != .ok, let delivery, let mark = delivery.mark else { return }
        delivery.door.forget(mark)
    }
}

extension Reply {
    static func badSignature(_ fault: SignatureFault) -> Reply {
        refused(
            .unauthorized,
            .badSignature,
            why: "\(Receiver.text(of: fault)); nothing was kept"
        )
    }
}

extension FormFault {
    /// Without quotes, as an answer needs it.
    fileprivate var plain: String { description.replacing("'", with: "") }
}
