/// The number used once of a box, 24 bytes: a prefix that names the purpose, and a number (RFC 26).
struct CurveNonce {
    /// The purpose of a short nonce, 16 ASCII characters.
    struct Purpose {
        fileprivate let words: (UInt64, UInt64)

        private init(_ name: StaticString) {
            precondition(name.utf8CodeUnitCount == 16)
            words = UnsafeRawPointer(name.utf8Start).loadUnaligned(as: (UInt64, UInt64).self)
        }

        static var hello: Self { Self("CurveZMQHELLO---") }
        static var initiate: Self { Self("CurveZMQINITIATE") }
        static var ready: Self { Self("CurveZMQREADY---") }
        /// MESSAGE from the client.
        static var messageFromClient: Self { Self("CurveZMQMESSAGEC") }
        /// MESSAGE from the server.
        static var messageFromServer: Self { Self("CurveZMQMESSAGES") }
    }

    /// The length of a short nonce in a command: a number in network order.
    static let shortCount = 8
    /// The length of a long nonce in a command: random bytes.
    static let longCount = 16

    private let words: (UInt64, UInt64, UInt64)

    /// A nonce for the keys of a connection, numbered within it.
    init(_ purpose: Purpose, _ number: UInt64) {
        words = (purpose.words.0, purpose.words.1, number.bigEndian)
    }

    /// A nonce for lasting keys: a prefix of 8 ASCII characters and 16 random bytes.
    init(_ prefix: StaticString, _ random: UnsafeRawBufferPointer) {
        precondition(prefix.utf8CodeUnitCount == 8 && random.count == Self.longCount)
        words = (
            UnsafeRawPointer(prefix.utf8Start).loadUnaligned(as: UInt64.self),
            random.loadUnaligned(as: UInt64.self),
            random.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: words, body)
    }
}
