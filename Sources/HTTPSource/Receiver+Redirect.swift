import Intake
import NIOCore
import NIOHTTP1
import Webhooks

/// A link that somebody follows, until the event is on stable storage.
struct Following {
    let target: String
    let event: [UInt8]

    var reply: Reply { .found(target) }
}

/// Links that lead through the source to somewhere else.
extension Receiver {
    /// Whether a path is that of links.
    func isLink(_ path: Substring) -> Bool {
        configuration.redirect != nil && path.hasSuffix("/r")
            && path.dropLast(2) == configuration.prefix
    }

    /// The answer to somebody who follows a link, by the head; nil if an event is to be taken first.
    ///
    /// Nobody repeats such a request, so a good link always leads on; an event that cannot be taken
    /// is counted.
    func follow(
        _ head: HTTPRequestHead,
        request: inout Request,
        client: Client
    ) -> Reply? {
        guard head.method == .GET || head.method == .HEAD else {
            return wrongMethod(allowed: "GET, HEAD")
        }
        let query = Array(Self.parts(head.uri).query.utf8)
        let target: String
        do throws(RedirectFault) {
            guard let rule = configuration.redirect else { throw .notListed }
            target = try rule.target(of: query)
        } catch {
            return reject(.badLink(error))
        }
        guard !request.isHead else { return .found(target) }
        guard !request.hasBody, !isDraining, held == nil,
            let event = try? RedirectEvent.json(query: query)
        else {
            return reject(.found(target))
        }
        var flags: RequestNote.Flags = keys.isOpen ? [] : .hidesKeys
        // This counts what it refuses.
        guard refusal(ofLoad: head.headers, &request, &flags) == nil else { return .found(target) }
        request.note = note(head, .any, flags: flags, request: request, client: client)
        request.following = Following(target: target, event: event)
        return nil
    }
}

extension Reply {
    static func found(_ target: String) -> Reply {
        var reply = Reply(.found, ByteBuffer())
        reply.fields = [("Location", target), ("Referrer-Policy", "no-referrer")]
        return reply
    }

    static func badLink(_ fault: RedirectFault) -> Reply {
        let why =
            switch fault {
            case .noAddress, .twoAddresses: "the link needs one address, u"
            case .badSignature: "the signature of the link is wrong, or not at its end"
            case .notListed: "the link has no signature, and its host is not listed"
            case .notWeb, .userInfo, .forbiddenCharacter, .badHost, .tooLong:
                "the address of the link is none that a browser may be sent to"
            }
        return refused(.badRequest, .badLink, why: why)
    }
}
