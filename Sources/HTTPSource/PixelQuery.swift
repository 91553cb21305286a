import NIOCore
import NIOHTTP1

/// The event in the query of an image.
enum PixelQuery {
    /// The most fields of a query.
    private static let fieldsMax = 100

    /// The event as JSON; nil if there is none.
    ///
    /// `data=` is the event itself, in Base64. Else each field is a member; a point in its name
    /// leads into an object, as `properties.total=7`. Keys are left out.
    static func event(_ query: Substring) -> ByteBuffer? {
        if let data = Query.value(of: "data", in: query) {
            // A plus sign of Base64 is a blank in a query.
            return Base64.decode(data.replacing(" ", with: "+")).map { ByteBuffer(bytes: $0) }
        }
        var object = Node()
        let pairs = query.split(separator: "&")
        guard !pairs.isEmpty, pairs.count <= fieldsMax else { return nil }
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Query.decoded(parts[0])
            guard !name.isEmpty, !["writeKey", "writekey", "token"].contains(name) else { continue }
            let path = name.split(separator: ".", maxSplits: 8).map(String.init)
            object.put(parts.count > 1 ? Query.decoded(parts[1]) : "", at: path[...])
        }
        return object.members.isEmpty ? nil : ByteBuffer(string: object.json)
    }

    /// A value, or an object with members in the order of the query.
    private struct Node {
        var value = ""
        var members: [(name: String, node: Node)] = []

        /// Sets the value at a path; the first one of a name stays.
        mutating func put(_ value: String, at path: ArraySlice<String>) {
            guard let name = path.first else {
                self.value = value
                return
            }
            // Text and object exclude each other.
            if let at = members.firstIndex(where: { $0.name == name }) {
                if path.count > 1, !members[at].node.members.isEmpty {
                    members[at].node.put(value, at: path.dropFirst())
                }
                return
            }
            var node = Node()
            node.put(value, at: path.dropFirst())
            members.append((name, node))
        }

        var json: String {
            guard !members.isEmpty else { return RequestMetadata.quoted(value) }
            let parts = members.map { "\(RequestMetadata.quoted($0.name)):\($0.node.json)" }
            return "{\(parts.joined(separator: ","))}"
        }
    }
}

extension Reply {
    /// An image of one transparent point.
    static var pixel: Reply {
        Reply(.ok, ByteBuffer(bytes: gif), type: "image/gif")
    }

    private static let gif: [UInt8] = [
        0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x21,
        0xF9, 4, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
    ]
}
