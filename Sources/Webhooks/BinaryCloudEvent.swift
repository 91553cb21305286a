import Digest

/// Turns a CloudEvent in binary mode into its JSON form.
package enum BinaryCloudEvent {
    private static let required = ["specversion", "id", "source", "type"]
    /// Members of the JSON form that are not fields of their own.
    private static let reserved: Set = ["data", "data_base64", "datacontenttype"]

    /// Returns the JSON form as text.
    ///
    /// The body becomes `data` if its content type is JSON, or if it has none and is JSON, else
    /// `data_base64`. An empty body is no data. The text has at most six bytes per byte of the
    /// fields, and about as many as the body, or a third more.
    package static func json(
        _ headers: HeaderLines,
        body: UnsafeRawBufferPointer
    ) throws(CloudEventFault) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(body.count + 512)
        var names: Set<String> = []
        for line in headers.lines where line.name.hasPrefix("ce-") {
            let name = String(line.name.dropFirst(3))
            guard isName(name), !reserved.contains(name) else { throw .badName(name) }
            guard names.insert(name).inserted else { throw .twice(name) }
            let value = text(line.value)
            if value.isEmpty {
                guard !required.contains(name) else { throw .missing(name) }
            }
            json.append(UInt8(ascii: json.isEmpty ? "{" : ","))
            JSONString.append(name.utf8, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONString.append(value, to: &json)
        }
        if let name = required.first(where: { !names.contains($0) }) { throw .missing(name) }
        try appendData(body, headers, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    private static func appendData(
        _ body: UnsafeRawBufferPointer,
        _ headers: HeaderLines,
        to json: inout [UInt8]
    ) throws(CloudEventFault) {
        let type = headers.only("content-type")
        guard type != nil || !headers.has("content-type") else { throw .format }
        if let type {
            json += ",\"datacontenttype\":".utf8
            JSONString.append(type, to: &json)
        }
        guard !body.isEmpty else { return }
        let saysJSON = type.flatMap(MediaType.init)?.isJSON ?? false
        // Anything that is not one whole value could add members to the event.
        let isJSON = (saysJSON || type == nil) && JSONGrammar.isValue(body)
        guard isJSON || !saysJSON else { throw .data }
        if isJSON {
            json += ",\"data\":".utf8
            json += body
        } else {
            json += ",\"data_base64\":\"".utf8
            Base64.append(body, to: &json)
            json.append(UInt8(ascii: "\""))
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { ASCII.isDigit($0) || ASCII.isLetter($0) }
    }

    /// Returns the text of a field in UTF-8: without quotes around it, its percent escapes decoded.
    ///
    /// Bytes that are not UTF-8 as sent are Latin-1, as some clients send them.
    private static func text(_ value: [UInt8]) -> [UInt8] {
        let plain = unquoted(value)
        if String(validating: plain, as: UTF8.self) == nil {
            return Array(String(String.UnicodeScalarView(plain.map { Unicode.Scalar($0) })).utf8)
        }
        return ASCII.percentDecoded(plain, plusIsBlank: false)
    }

    private static func unquoted(_ value: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard value.count >= 2, value.first == quote, value.last == quote else { return value }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in value.dropFirst().dropLast() {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
                continue
            }
            text.append(byte)
            isEscaped = false
        }
        return text
    }
}
