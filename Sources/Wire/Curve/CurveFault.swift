/// The reason why a peer's command of CURVE was refused.
///
/// The connection is to be closed after any of them. None contains a secret, or bytes that the peer
/// sent.
package enum CurveFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// A command that the handshake does not expect now.
    case outOfTurn(String)
    /// A command that is shorter or longer than RFC 26 has it.
    case wrongLength(String, Int)
    /// A command above the bound that the server set.
    case tooLong(String, count: Int, max: Int)
    /// The frame begins with the name of another command.
    case wrongName(expected: String)
    /// A version of CurveZMQ other than 1.0.
    case wrongVersion(UInt8, UInt8)
    /// Padding of HELLO that is not zero.
    case wrongPadding
    /// A public key with which no secret can be agreed upon.
    case weakKey
    /// The box of HELLO is for another server key.
    case wrongServerKey
    /// A cookie that this connection did not get.
    case foreignCookie
    /// The box of INITIATE is not authentic.
    case unreadableInitiate
    /// The client did not prove that it has the secret of its key.
    case wrongVouch
    /// A short nonce that is not above the one before: a replayed or reordered command.
    case staleNonce(last: UInt64, received: UInt64)
    /// The box of MESSAGE is not authentic.
    case unreadableMessage
    /// Flags of MESSAGE that have no meaning.
    case unknownFlags(UInt8)
    /// The payload is larger than the room for it.
    case noRoom(needed: Int, room: Int)

    /// One line for people.
    package var description: String {
        switch self {
        case .outOfTurn(let name): "\(name) is out of turn: close the connection"
        case .wrongLength(let name, let count): "\(name) of \(count) bytes is malformed"
        case .tooLong(let name, let count, let max):
            "\(name) of \(count) bytes: at most \(max), so let the producer send less metadata"
        case .wrongName(let name): "a command that is not \(name), which is expected here"
        case .wrongVersion(let major, let minor):
            "CurveZMQ \(major).\(minor): the producer's library must speak 1.0"
        case .wrongPadding: "the padding of HELLO is not zero"
        case .weakKey: "a public key of low order, which protects nothing"
        case .wrongServerKey: "HELLO is for another server: compare the producer's server key"
        case .foreignCookie: "the cookie of INITIATE is not of this connection"
        case .unreadableInitiate: "INITIATE is damaged or forged"
        case .wrongVouch: "the producer does not have the secret key of its public key"
        case .staleNonce(let last, let received):
            "nonce \(received) after \(last): a command was replayed or reordered"
        case .unreadableMessage: "MESSAGE is damaged or forged"
        case .unknownFlags(let flags): "MESSAGE has unknown flags \(flags)"
        case .noRoom(let needed, let room): "MESSAGE needs \(needed) bytes of room, not \(room)"
        }
    }
}
