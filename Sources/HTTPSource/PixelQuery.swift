import NIOCore
import NIOHTTP1
import Webhooks

/// The event in the query of an image.
enum PixelQuery {
    /// The most fields of a query.
    private static let fieldsMax = 100
    /// Fields with a key, which are no part of the event.
    private static let keyNames = ["writeKey", "writekey", "token"]

    /// The event as JSON; nil if there is none.
    ///
    /// `data=` is the event itself, in Base64. Else each field is a member; a point in its name
    /// leads into an object, as `properties.total=7`. Keys are left out.
    static func event(_ query: Substring) -> ByteBuffer? {
        guard let form = try? FormFields(Array(query.utf8), countMax: fieldsMax),
            let event = try? EncodedData.payload(of: form, without: keyNames),
            event.count > emptyObject.count
        else { return nil }
        return ByteBuffer(bytes: event)
    }

    private static let emptyObject = Array("{}".utf8)
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
