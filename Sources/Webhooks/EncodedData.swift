import Digest

/// The field `data` of pixels and of forms that browsers send: JSON, or base64 of it.
package enum EncodedData {
    /// Returns the bytes that the field means.
    ///
    /// - Parameter value: the field, decoded as a form. It is JSON if it begins with `{` or `[`, else
    ///   base64 with either alphabet. A `+` that was not escaped has become a blank, and is restored.
    /// - Returns: text that begins with `{` or `[`, not checked further, or a gzip stream.
    /// - Throws: ``FormFault/data``.
    package static func decode(_ value: [UInt8]) throws(FormFault) -> [UInt8] {
        if isText(value) { return value }
        let base64 = value.map { $0 == 0x20 ? UInt8(ascii: "+") : $0 }
        guard let bytes = Base64.decode(base64), isText(bytes) || isGzip(bytes) else {
            throw .data
        }
        return bytes
    }

    /// Returns the events of a pixel's query or of a browser's form: the field `data` if it is there
    /// once, else all fields as one object.
    ///
    /// - Parameters:
    ///   - form: the fields. Those beside `data` are about the transport and are left out.
    ///   - omitted: names of other fields to leave out, such as those of keys.
    /// - Returns: text, not checked further, or a gzip stream.
    /// - Throws: ``FormFault/data``.
    package static func payload(
        of form: FormFields,
        without omitted: [String]
    ) throws(FormFault) -> [UInt8] {
        if let data = form.only("data") { return try decode(data) }
        return FormObject.json(form, nesting: true, without: omitted)
    }

    private static func isText(_ bytes: [UInt8]) -> Bool {
        let first = bytes.first { !ASCII.isBlank($0) && $0 != 0x0A && $0 != 0x0D }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }
}
