/// A line of quarantine: the collector's metadata, why, where, and the bytes themselves.
///
///     {"_touchpoint":{…},"reason":"invalid_json","detail":"byte 17: …","payload":"…"}
///     {"_touchpoint":{…},"reason":"invalid_utf8","detail":"…","encoding":"base64","payload":"…"}
package enum QuarantineRecord {
    /// Renders the line, line feed included.
    package static func line(
        _ view: borrowing EventView,
        rejection: Rejection,
        splicer: inout EventSplicer,
        receivedAt: Int64,
        sequence: UInt64
    ) -> [UInt8] {
        var line = [UInt8](unsafeUninitializedCapacity: splicer.metadataBytesMax) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            count = splicer.writeMetadata(receivedAt: receivedAt, sequence: sequence, to: out)
        }
        line += Array(#","reason":"\#(rejection.rawValue)","detail":"#.utf8)
        let detail = "byte \(view.errorOffset) of the payload: \(rejection.explanation)"
        appendString(Array(detail.utf8), to: &line)
        if let text = String(validating: view.bytes, as: UTF8.self) {
            line += Array(#","payload":"#.utf8)
            appendString(Array(text.utf8), to: &line)
        } else {
            line += Array(#","encoding":"base64","payload":""#.utf8)
            appendBase64(view.bytes, to: &line)
            line.append(UInt8(ascii: "\""))
        }
        line += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
        return line
    }

    /// Appends a JSON string of valid UTF-8.
    private static func appendString(_ text: [UInt8], to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): line += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                line += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// Base64 by RFC 4648, section 4.
    private static func appendBase64(_ bytes: UnsafeRawBufferPointer, to line: inout [UInt8]) {
        var at = 0
        while at < bytes.count {
            let left = min(3, bytes.count - at)
            var group = UInt32(bytes[at]) << 16
            if left > 1 { group |= UInt32(bytes[at + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[at + 2]) }
            line.append(alphabet[Int(group >> 18 & 63)])
            line.append(alphabet[Int(group >> 12 & 63)])
            line.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
            line.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
            at += 3
        }
    }
}
