import Compression
import Events
import Intake

/// Covers keys in what is kept as it came, because it cannot be accepted.
///
/// One thread, the writer's. What it returns is valid until the next call of the same function.
final class KeyCover {
    private static let stars = UInt8(ascii: "*")
    private static let name = Array("writeKey".utf8)
    /// Bytes of a part that is kept of a message that cannot be inflated.
    private static let partBytesMin = 1_024

    private let gate: any RequestGate
    private var piece = GrowableBuffer()
    private var zipped = GrowableBuffer()

    init(_ gate: any RequestGate) {
        self.gate = gate
    }

    /// Returns a text without keys; nil if it has none.
    ///
    /// Each byte of a key becomes a star, so that all places stay as they are.
    func covered(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        piece.removeAll()
        piece.append(text)
        let copy = UnsafeMutableRawBufferPointer(mutating: piece.bytes)
        let hasKey = gate.cover(copy)
        return Self.coverWriteKeys(in: copy) || hasKey ? piece.bytes : nil
    }

    /// Returns the first part of a text that could not be inflated to its end, without keys; nil if
    /// it has none.
    func covered(
        part: UnsafeRawBufferPointer,
        of message: UnsafeRawBufferPointer
    )
        -> UnsafeRawBufferPointer?
    {
        let count = min(part.count, max(message.count, Self.partBytesMin))
        guard let all = covered(part) else { return nil }
        return UnsafeRawBufferPointer(rebasing: all[..<count])
    }

    /// Returns a gzip stream of a text without keys; nil if it has none.
    func zipped(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let text = covered(text), var encoder = try? GzipEncoder(engine: .zlib, level: 6)
        else { return nil }
        zipped.removeAll()
        var rest = text
        while true {
            zipped.reserve(zipped.count + max(4_096, text.count / 4))
            let step = encoder.step(rest, flush: .finish, into: zipped.room)
            zipped.advance(by: step.produced)
            rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
            if step.isComplete { return zipped.bytes }
        }
    }

    /// Covers what a text that may be damaged has as the value of `writeKey`, whosever key it is.
    private static func coverWriteKeys(in text: UnsafeMutableRawBufferPointer) -> Bool {
        var hasKey = false
        var at = 0
        while let found = next(in: text, from: at) {
            at = found
            var isMember = false
            while at < text.count, isBetween(text[at]) {
                isMember =
                    isMember || text[at] == UInt8(ascii: ":") || text[at] == UInt8(ascii: "=")
                at += 1
            }
            guard isMember else { continue }
            while at < text.count, !isQuote(text[at]), text[at] != 0x0A {
                text[at] = stars
                hasKey = true
                at += 1
            }
        }
        return hasKey
    }

    /// The position behind the next name of a key.
    private static func next(in text: UnsafeMutableRawBufferPointer, from start: Int) -> Int? {
        var at = start
        while at + name.count <= text.count {
            if text[at] == name[0], text[at..<(at + name.count)].elementsEqual(name) {
                return at + name.count
            }
            at += 1
        }
        return nil
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    private static func isBetween(_ byte: UInt8) -> Bool {
        isQuote(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=")
            || byte == UInt8(ascii: "\\") || byte == 0x20 || byte == 0x09
    }
}
