/// Bytes as peers send them, written without the code under test (ZeroMQ RFC 23 and 15).
enum WireSamples {
    /// A frame; the length has eight bytes if it must, or if `isLong`.
    static func frame(
        _ body: [UInt8],
        more: Bool = false,
        command: Bool = false,
        isLong: Bool = false
    ) -> [UInt8] {
        let flags: UInt8 = (more ? 1 : 0) + (command ? 4 : 0)
        guard isLong || body.count > 255 else { return [flags, UInt8(body.count)] + body }
        return [flags + 2] + bigEndian(UInt64(body.count)) + body
    }

    /// A message of several frames.
    static func message(_ frames: [[UInt8]]) -> [UInt8] {
        frames.enumerated().flatMap { frame($1, more: $0 < frames.count - 1) }
    }

    static func bigEndian(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    static func command(_ name: String, _ data: [UInt8] = []) -> [UInt8] {
        frame([UInt8(name.utf8.count)] + text(name) + data, command: true)
    }

    static func property(_ name: String, _ value: [UInt8]) -> [UInt8] {
        [UInt8(name.utf8.count)] + text(name) + bigEndian(UInt64(value.count)).suffix(4) + value
    }

    static func property(_ name: String, _ value: String) -> [UInt8] {
        property(name, text(value))
    }

    static let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F]

    /// The greeting of a ZMTP 3 peer, 64 bytes.
    static func greeting(
        version: UInt8 = 3,
        minor: UInt8 = 0,
        mechanism: [UInt8] = text("NULL")
    ) -> [UInt8] {
        signature + [version, minor] + mechanism + zeros(20 - mechanism.count) + zeros(32)
    }

    /// Greeting and READY.
    static func opening(as type: String) -> [UInt8] {
        greeting() + command("READY", property("Socket-Type", type))
    }

    /// All that a ZMTP 2.0 peer sends before its messages.
    static func oldOpening(as number: UInt8, identity: [UInt8] = [], version: UInt8 = 1) -> [UInt8]
    {
        signature + [version, number, 0, UInt8(identity.count)] + identity
    }

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
