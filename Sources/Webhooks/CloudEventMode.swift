/// The three ways in which CloudEvents arrive by HTTP.
package enum CloudEventMode: Equatable, Sendable {
    /// The body is one event in JSON.
    case structured
    /// The body is an array of events in JSON.
    case batched
    /// The fields are the event, and the body its data.
    case binary

    /// Returns the mode of a request.
    ///
    /// - Throws: ``CloudEventFault/format`` for formats other than JSON and charsets other than
    ///   UTF-8, ``CloudEventFault/none`` for what is no CloudEvent.
    package init(_ headers: HeaderLines) throws(CloudEventFault) {
        let type = MediaType(headers)
        if headers.has("content-type"), type == nil { throw .format }
        if let type, type.name.hasPrefix("application/cloudevents") {
            guard [nil, "utf-8", "us-ascii"].contains(type.charset) else { throw .format }
            switch type.name {
            case "application/cloudevents+json": self = .structured
            case "application/cloudevents-batch+json": self = .batched
            default: throw .format
            }
            return
        }
        guard headers.has("ce-specversion") else { throw .none }
        self = .binary
    }
}

/// The reason why a request is no CloudEvent.
package enum CloudEventFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// No such content type, and no fields of one.
    case none
    /// Another format than JSON: 415.
    case format
    case missing(String)
    case twice(String)
    case badName(String)
    /// The content type says JSON, but the body is none.
    case data

    package var description: String {
        switch self {
        case .none:
            "no CloudEvent: send 'ce-' fields, or the content type application/cloudevents+json"
        case .format: "only the JSON format of CloudEvents is taken, in UTF-8"
        case .missing(let name): "the field 'ce-\(name)' is missing or empty"
        case .twice(let name): "the field 'ce-\(name)' is there twice"
        case .badName(let name): "'ce-\(name)' is no name of an attribute: use a to z and 0 to 9"
        case .data: "the body is not the JSON that its content type says"
        }
    }
}
