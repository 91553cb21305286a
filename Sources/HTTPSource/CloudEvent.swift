import NIOCore
import NIOHTTP1

/// A CloudEvent in binary mode: attributes in header fields, and the data as the body.
struct CloudEvent {
    private var members = ""
    private let isJSON: Bool

    /// Nil unless the header has the fields of a CloudEvent in binary mode.
    init?(_ headers: HTTPHeaders) {
        let type = headers.first(name: "content-type") ?? ""
        guard headers.contains(name: "ce-specversion"),
            !type.lowercased().hasPrefix("application/cloudevents")
        else { return nil }
        let media = type.prefix { $0 != ";" }.lowercased()
        isJSON = media.isEmpty || media.hasSuffix("/json") || media.hasSuffix("+json")
        for (name, value) in headers {
            let name = name.lowercased()
            guard name.hasPrefix("ce-"), name.utf8.count > 3 else { continue }
            add(String(name.dropFirst(3)), Self.decoded(value))
        }
        if !type.isEmpty { add("datacontenttype", type) }
    }

    /// The JSON form of the event.
    func event(_ data: ByteBuffer) -> ByteBuffer {
        var event = ByteBuffer()
        event.reserveCapacity(data.readableBytes + members.utf8.count + 32)
        event.writeString("{\(members)")
        if data.readableBytes > 0 {
            if isJSON {
                event.writeStaticString(",\"data\":")
                event.writeImmutableBuffer(data)
            } else {
                event.writeString(",\"data_base64\":\"\(Base64.encode(data.readableBytesView))\"")
            }
        }
        event.writeStaticString("}")
        return event
    }

    private mutating func add(_ name: String, _ value: String) {
        members += members.isEmpty ? "" : ","
        members += "\(RequestMetadata.quoted(name)):\(RequestMetadata.quoted(value))"
    }

    /// A value without its percent signs; as it is if it is not encoded.
    private static func decoded(_ value: String) -> String {
        guard value.contains("%") else { return value }
        let plain = Query.decoded(value.replacing("+", with: "%2B")[...])
        return plain.isEmpty ? value : plain
    }
}
