import Events
import Foundation
import Testing

/// The forms in which the bytes of rejected pieces are stored.
@Suite struct QuarantinedPayloadTests {
    private func text(_ payload: QuarantinedPayload) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: payload.bytesMax) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            count = payload.write(to: out) - out
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func kept(_ piece: [UInt8]) -> String {
        piece.withUnsafeBytes { text(QuarantinedPayload($0)) }
    }

    @Test(arguments: [
        ("{bad", #","payload":"{bad""#), (#"{"a\"#, #","payload":"{\"a\\""#),
        ("{a\n\tb\u{1}", #","payload":"{a\n\tb\u0001""#),
        ("", #","payload":"""#),
    ])
    func textStaysTextWhereItNeedsFewEscapes(piece: String, line: String) {
        #expect(kept(Array(piece.utf8)) == line)
    }

    @Test func textOfControlCharactersIsBase64() {
        #expect(
            kept([UInt8](repeating: 1, count: 40)).hasPrefix(
                #","encoding":"base64","payload":"AQEB"#
            )
        )
    }

    @Test func whatIsNotUTF8IsBase64() {
        #expect(kept([0xFF, 0xFE]) == #","encoding":"base64","payload":"//4=""#)
    }

    /// Control characters would take six bytes each.
    @Test func noLineIsMuchLongerThanItsPiece() throws {
        for byte in [UInt8(0), 10, 34, 65, 0x80] {
            for count in [0, 1, 2, 3, 100, 10_000] {
                let piece = [UInt8](repeating: byte, count: count)
                let line = kept(piece)
                #expect(line.utf8.count <= QuarantinedPayload.bytesMax(for: count))
                #expect(line.utf8.count <= count * 4 / 3 + 200)
                let object = try #require(
                    JSONSerialization.jsonObject(with: Data("{\(line.dropFirst())}".utf8))
                        as? [String: String]
                )
                let payload = try #require(object["payload"])
                let read =
                    object["encoding"] == "base64"
                    ? Data(base64Encoded: payload).map(Array.init) : Array(payload.utf8)
                #expect(read == piece)
            }
        }
    }

    @Test func piecesOfACompressedMessageNameTheLineThatHasIt() {
        let piece: [UInt8] = Array("0123456789".utf8)
        let gzip: [UInt8] = [0x1F, 0x8B, 1]
        let place = QuarantinedPayload.Place(sequence: 7, offset: 30)
        let (first, next) = piece.withUnsafeBytes { piece in
            gzip.withUnsafeBytes { gzip in
                (
                    text(QuarantinedPayload(piece, in: gzip, at: place)),
                    text(QuarantinedPayload(piece, at: place))
                )
            }
        }
        let message = #","message":{"seq":7,"offset":30,"bytes":10}"#
        #expect(first == #","encoding":"gzip+base64","payload":"H4sB""# + message)
        #expect(next == message)
    }
}
