/// The layout of the commands of CURVE (ZeroMQ RFC 26), from the start of a frame's body.
///
/// The name is preceded by its length, the command ends with its frame. Offsets and sizes are in
/// bytes.
///
/// | command  | name | fields |
/// |---|---|---|
/// | HELLO    | 0–5  | 6 version (1, 0), 8 zeros, 80 key C', 112 short nonce, 120 box of 64 zeros |
/// | WELCOME  | 0–7  | 8 long nonce, 24 box: 0 key S', 32 cookie |
/// | INITIATE | 0–8  | 9 cookie, 105 short nonce, 113 box: 0 key C, 32 vouch, 128 metadata |
/// | READY    | 0–5  | 6 short nonce, 14 box: metadata |
/// | MESSAGE  | 0–7  | 8 short nonce, 16 box: 0 flags, 1 payload |
/// | ERROR    | 0–5  | 6 length, 7 reason |
///
/// A cookie and a vouch are a long nonce and a box of two keys: 16 and 80 bytes.
enum CurveCommand {
    enum Hello {
        static let name = "HELLO"
        static let count = 200
        static let version = 6
        static let padding = 8
        static let key = 80
        static let nonce = 112
        static let box = 120
        /// The text of the box: zeros.
        static let textCount = 64
    }

    enum Welcome {
        static let name = "WELCOME"
        static let count = 168
        static let nonce = 8
        static let box = 24
        /// The text of the box.
        static let textCount = CurveKey.byteCount + Cookie.count
    }

    /// A cookie, and a vouch.
    enum Cookie {
        static let count = 96
        static let box = 16
        /// The text of the box: two keys.
        static let textCount = 2 * CurveKey.byteCount
    }

    enum Initiate {
        static let name = "INITIATE"
        static let countMin = 257
        static let cookie = 9
        static let nonce = 105
        static let box = 113
        /// Places in the text of the box.
        static let vouch = 32
        static let metadata = 128
    }

    enum Ready {
        static let name = "READY"
        static let nonce = 6
        static let box = 14
    }

    enum Message {
        static let name = "MESSAGE"
        static let countMin = 33
        static let nonce = 8
        static let box = 16
        /// The length and the letters of the name in one word.
        static let word = UInt64(littleEndian: 0x4547_4153_5345_4D07)
    }

    enum Failure {
        static let name = "ERROR"
        static let reasonCountMax = 255
    }

    /// Returns the name with its length in front.
    static func header(_ name: String) -> [UInt8] { [UInt8(name.utf8.count)] + name.utf8 }

    /// Whether a body begins with the name.
    static func isNamed(_ name: String, _ body: UnsafeRawBufferPointer) -> Bool {
        body.starts(with: header(name))
    }

    /// The number of a short nonce at an offset of a body.
    static func number(_ body: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(bigEndian: body.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
