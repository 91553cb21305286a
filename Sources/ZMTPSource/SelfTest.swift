import Intake
import Wire

/// What a source with keys shows before it accepts anybody: that strangers do not come in.
///
/// It runs the handshake that connections get, not the sockets.
enum SelfTest {
    private static let greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F]

    /// Throws if a peer without keys, of an old protocol, or with an unknown key would be admitted.
    static func run(_ keys: KeyRing, _ type: ListenerType) throws(IntakeError) {
        let old = outcome(of: greeting + [1, 5, 0, 0], keys, type)
        guard old == .failed(.unprotected) else { throw failure("ZMTP 2.0", old) }
        for name in ["NULL", "PLAIN"] {
            let mechanism = Array(name.utf8) + [UInt8](repeating: 0, count: 20 - name.utf8.count)
            let rest = [UInt8](repeating: 0, count: 32)
            let step = outcome(of: greeting + [3, 1] + mechanism + rest, keys, type)
            guard step == .failed(.mechanism(name)) else { throw failure(name, step) }
        }
        let stranger = CurveKeyPair().publicKey
        guard keys.name(of: stranger) == nil else {
            throw IntakeError("self-test: a key made a moment ago is among the known ones")
        }
    }

    private static func outcome(
        of bytes: [UInt8],
        _ keys: KeyRing,
        _ type: ListenerType
    ) -> Handshake.Step {
        var handshake = Handshake(type, keys: keys.server)
        var out = ByteQueue()
        return bytes.withUnsafeBytes { handshake.advance($0, sending: &out).1 }
    }

    private static func failure(_ what: String, _ step: Handshake.Step) -> IntakeError {
        IntakeError("self-test: a producer with \(what) is not refused (\(step))")
    }
}
