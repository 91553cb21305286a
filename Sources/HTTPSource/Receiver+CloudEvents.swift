import NIOCore
import NIOHTTP1
import Webhooks

/// CloudEvents, of which one mode has the event in the header, and only its data as the body.
extension Receiver {
    /// The answer to an event in a form that is not taken; nil if it is.
    func refusal(ofCloudEvent headers: HTTPHeaders, _ request: inout Request) -> Reply? {
        let lines = HeaderLines(headers.map { (name: $0.name, value: $0.value) })
        do throws(CloudEventFault) {
            guard try CloudEventMode(lines) == .binary else { return nil }
        } catch {
            // What does not say that it is a CloudEvent may be one.
            guard error == .format else { return nil }
            return reject(.refused(.unsupportedMediaType, .coding, why: error.plain), of: request)
        }
        if headers.contains(name: "content-encoding") {
            return reject(.unknownCoding, of: request)
        }
        request.attributes = lines
        return nil
    }

    /// Makes the event of its attributes and its data; returns the answer if it is none.
    func completeCloudEvent(
        _ lines: HeaderLines,
        with body: inout Body,
        of request: Request
    ) -> Reply? {
        let event = body.bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(CloudEventFault) in
                try BinaryCloudEvent.json(lines, body: bytes)
            }
        }
        switch event {
        case .success(let event): body.change { _ in ByteBuffer(bytes: event) }
        // As data without an event it goes to quarantine: nothing is lost.
        case .failure(.data): break
        case .failure(let fault):
            return reject(.refused(.badRequest, .badRequest, why: fault.plain), of: request)
        }
        return nil
    }
}

extension CloudEventFault {
    /// Without quotes, as an answer needs it.
    fileprivate var plain: String { description.replacing("'", with: "") }
}
