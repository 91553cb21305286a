/// A line of quarantine: the collector's metadata, the reason, the place, and the bytes themselves.
///
///     {"_touchpoint":{…},"reason":"invalid_json","detail":"byte 17: …","offset":0,"payload":"…"}
///     {"_touchpoint":{…},"reason":"invalid_utf8","detail":"…","offset":0,"encoding":"base64","payload":"…"}
///
/// The metadata are those of an event, plus `"peer":"tcp://10.0.0.7:4711"` if the sender is known.
package enum QuarantineRecord {
    /// Renders the line, line feed included.
    ///
    /// - `payload`: the form in which the piece's bytes are stored; nil for the piece alone.
    /// - `detail`: the cause as the content of a JSON string; nil for the view's.
    /// - `plan`: the version of the plan that the event violates; nil for other rejections.
    /// - `peer`: an endpoint; it contains no characters that JSON escapes.
    package static func line(
        _ view: borrowing EventView,
        rejection: Rejection,
        payload: QuarantinedPayload? = nil,
        detail: String? = nil,
        plan: Int? = nil,
        splicer: inout EventSplicer,
        receivedAt: Int64,
        sequence: UInt64,
        peer: String? = nil
    ) -> [UInt8] {
        let bytes = view.bytes
        let payload = payload ?? QuarantinedPayload(bytes)
        // Replaces the metadata's last brace.
        var cause = plan.map { #","plan":\#($0)"# } ?? ""
        cause += peer.map { #","peer":"\#($0)"}"# } ?? "}"
        cause += Self.cause(view, rejection, detail: detail)
        let metadataMax = splicer.metadataBytesMax
        return cause.withUTF8 { cause in
            [UInt8](
                unsafeUninitializedCapacity: metadataMax + cause.count + payload.bytesMax + 2
            ) { buffer, count in
                guard let out = buffer.baseAddress else { return }
                var end =
                    out - 1
                    + splicer.writeMetadata(receivedAt: receivedAt, sequence: sequence, to: out)
                for byte in cause {
                    end.pointee = byte
                    end += 1
                }
                end = payload.write(to: end)
                end[0] = UInt8(ascii: "}")
                end[1] = UInt8(ascii: "\n")
                count = end + 2 - out
            }
        }
    }

    /// The longest line, in bytes, of a message of `message` bytes.
    package static func lineBytesMax(message: Int) -> Int {
        QuarantinedPayload.bytesMax(for: message) + 4_096
    }

    /// Renders the members with the reason and the place.
    private static func cause(
        _ view: borrowing EventView,
        _ rejection: Rejection,
        detail: String?
    ) -> String {
        // No text needs escapes.
        let start = #","reason":"\#(rejection.rawValue)","detail":""#
        let end = #"","offset":\#(view.offset)"#
        if let detail { return start + detail + end }
        return start + view.detail + end
    }
}
