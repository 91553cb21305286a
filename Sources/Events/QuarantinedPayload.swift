/// The form in which the bytes of a rejected piece are stored in its line of quarantine.
///
///     ,"payload":"…"                                                 text
///     ,"encoding":"base64","payload":"…"                             any bytes
///     ,"encoding":"gzip+base64","payload":"…","message":{"seq":17,"offset":120,"bytes":4096}
///     ,"message":{"seq":17,"offset":120,"bytes":4096}
///
/// The last two are for pieces of a compressed message that would need more room than the message
/// itself: the message is stored once, as received, in the line whose `seq` all of them name.
/// `offset` and `bytes` are the piece's place in the inflated message.
///
/// Every form is at most ``bytesMax(for:)`` long, so that neither control characters, which JSON
/// escapes with six bytes each, nor compression make a line much longer than what was sent.
package struct QuarantinedPayload {
    /// The place of a piece whose bytes are part of a stored message.
    package struct Place {
        /// The number of the line that contains the message.
        package var sequence: UInt64
        /// Bytes from the start of the inflated message.
        package var offset: Int

        package init(sequence: UInt64, offset: Int) {
            self.sequence = sequence
            self.offset = offset
        }
    }

    private enum Form {
        case text
        case base64
        case gzip(Place, pieceBytes: Int)
        case elsewhere(Place, pieceBytes: Int)
    }

    private let form: Form
    /// The bytes to write: the piece, the compressed message, or nothing.
    private let bytes: UnsafeRawBufferPointer

    /// A piece stored by itself: as text if it is valid UTF-8 that needs few escapes.
    package init(_ piece: UnsafeRawBufferPointer) {
        bytes = piece
        let isText =
            Self.escapedCount(piece) <= Self.base64Count(piece.count) + Self.textAllowance
            && String(validating: piece, as: UTF8.self) != nil
        form = isText ? .text : .base64
    }

    /// A piece stored with its message, which this line contains.
    package init(_ piece: UnsafeRawBufferPointer, in gzip: UnsafeRawBufferPointer, at place: Place)
    {
        bytes = gzip
        form = .gzip(place, pieceBytes: piece.count)
    }

    /// A piece stored with its message, which another line contains.
    package init(_ piece: UnsafeRawBufferPointer, at place: Place) {
        bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        form = .elsewhere(place, pieceBytes: piece.count)
    }

    /// The number of bytes by which text may exceed base64, which people cannot read.
    private static let textAllowance = 64
    /// Bytes of the keys and numbers around a payload, and ``textAllowance``.
    private static let overheadBytesMax = 192

    /// The most bytes that any form needs for `byteCount` bytes: base64 is 4/3.
    package static func bytesMax(for byteCount: Int) -> Int {
        base64Count(byteCount) + overheadBytesMax
    }

    /// The most bytes that ``write(to:)`` writes.
    package var bytesMax: Int { Self.bytesMax(for: bytes.count) }

    private static func base64Count(_ count: Int) -> Int { (count / 3 + 1) * 4 }

    /// Returns the length of the piece as the content of a JSON string.
    private static func escapedCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = bytes.count
        for byte in bytes {
            if shortEscape(byte) != nil {
                count += 1
            } else if byte < 0x20 {
                count += 5
            }
        }
        return count
    }

    /// Writes the members, each after a comma, and returns the position after them.
    package func write(to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        switch form {
        case .text:
            let end = Self.copy(#","payload":""#, out)
            return Self.copy("\"", Self.writeEscaped(bytes, end))
        case .base64:
            return writeBase64("base64", out)
        case .gzip(let place, let count):
            return Self.write(place, pieceBytes: count, to: writeBase64("gzip+base64", out))
        case .elsewhere(let place, let count):
            return Self.write(place, pieceBytes: count, to: out)
        }
    }

    private func writeBase64(
        _ encoding: String,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let end = Self.copy(#","encoding":"\#(encoding)","payload":""#, out)
        return Self.copy("\"", Self.writeBase64(bytes, end))
    }

    private static func write(
        _ place: Place,
        pieceBytes count: Int,
        to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        copy(
            #","message":{"seq":\#(place.sequence),"offset":\#(place.offset),"bytes":\#(count)}"#,
            out
        )
    }

    private static func copy(
        _ text: String,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out
        for byte in text.utf8 {
            end.pointee = byte
            end += 1
        }
        return end
    }

    /// The most bytes that ``writeEscaped(_:_:)`` makes of so many.
    package static func escapedBytesMax(_ count: Int) -> Int { 6 * count }

    /// Writes the content of a JSON string.
    package static func writeEscaped(
        _ text: UnsafeRawBufferPointer,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var end = out
        for byte in text {
            if let letter = shortEscape(byte) {
                end[0] = UInt8(ascii: "\\")
                end[1] = letter
                end += 2
            } else if byte < 0x20 {
                end = copy("\\u00", end)
                end[0] = hexadecimal[Int(byte >> 4)]
                end[1] = hexadecimal[Int(byte & 15)]
                end += 2
            } else {
                end.pointee = byte
                end += 1
            }
        }
        return end
    }

    /// Returns the character after the backslash of a two-byte escape.
    private static func shortEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        default: nil
        }
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    /// Writes base64 by RFC 4648, section 4.
    private static func writeBase64(
        _ bytes: UnsafeRawBufferPointer,
        _ out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        alphabet.withUnsafeBufferPointer { alphabet in
            var end = out
            var at = 0
            while at < bytes.count {
                let left = min(3, bytes.count - at)
                var group = UInt32(bytes[at]) << 16
                if left > 1 { group |= UInt32(bytes[at + 1]) << 8 }
                if left > 2 { group |= UInt32(bytes[at + 2]) }
                end[0] = alphabet[Int(group >> 18 & 63)]
                end[1] = alphabet[Int(group >> 12 & 63)]
                end[2] = left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "=")
                end[3] = left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "=")
                end += 4
                at += 3
            }
            return end
        }
    }
}
