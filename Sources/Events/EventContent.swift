/// The part of an event's text that distinguishes it from other events: everything except the
/// top-level `sentAt`, which SDKs renew with each attempt.
///
/// A written line has the same content as the event it was made from: line breaks are ignored, a
/// `context` inherited from a batch counts, an inherited `sentAt` does not. If several members are
/// named `sentAt`, the one that counts for batches is omitted.
struct EventContent {
    /// The text before and after the omitted member.
    private(set) var first: UnsafeRawBufferPointer
    private(set) var second = UnsafeRawBufferPointer(start: nil, count: 0)

    /// `body`: the text after the object's opening brace, or a part of it.
    init(_ body: UnsafeRawBufferPointer, without member: UnsafeRawBufferPointer) {
        first = body
        guard let start = body.baseAddress, let found = member.baseAddress, !member.isEmpty else {
            return
        }
        var from = found - start
        var end = from + member.count
        var at = end
        while at < body.count, body[at].isJSONSpace { at += 1 }
        if at < body.count, body[at] == UInt8(ascii: ",") {
            end = at + 1
        } else {
            // It is the last member: the comma before it is omitted too.
            at = from
            while at > 0, body[at - 1].isJSONSpace { at -= 1 }
            if at > 0, body[at - 1] == UInt8(ascii: ",") { from = at - 1 }
        }
        first = UnsafeRawBufferPointer(rebasing: body[..<from])
        second = UnsafeRawBufferPointer(rebasing: body[end...])
    }
}

/// A keyed 64-bit hash of an event's content.
///
/// Every 16 bytes are multiplied with the state and the key, as in wyhash (Wang Yi). Without the
/// key nobody can choose two events with the same hash. The key is kept across restarts, because
/// files store the hashes.
package struct ContentHash: Sendable, Equatable {
    package let key0: UInt64
    package let key1: UInt64

    package init(key0: UInt64, key1: UInt64) {
        (self.key0, self.key1) = (key0, key1)
    }

    /// A hash with a random key.
    package static var random: ContentHash {
        ContentHash(key0: .random(in: .min ... .max), key1: .random(in: .min ... .max))
    }

    /// A value that identifies the key, and reveals nothing else about it.
    package var check: UInt64 {
        var state = ContentState(self)
        state.takeWords(0x6b63_6568_6320_7079, 0x7469_7475_6564_6920)
        return state.finish()
    }

    /// Hashes an event that is about to be written; never 0.
    package func callAsFunction(_ event: borrowing EventView) -> UInt64 {
        var state = ContentState(self)
        let content = EventContent(
            UnsafeRawBufferPointer(rebasing: event.bytes[1...]),
            without: event.sentAtMember
        )
        if !event.inheritedContext.isEmpty { state.takeContext(event.inheritedContext) }
        if event.hasLineBreaks {
            state.takeWithoutBreaks(content.first)
            state.takeWithoutBreaks(content.second)
        } else {
            state.take(content.first)
            if !content.second.isEmpty { state.take(content.second) }
        }
        return state.finish()
    }

    /// Hashes an event that was written; the same value as before, and 0 if content does not count.
    package func callAsFunction(_ line: borrowing WrittenLine) -> UInt64 {
        if line.isIDEnough { return 0 }
        var state = ContentState(self)
        state.take(line.content)
        state.take(line.contentBehindSentAt)
        return state.finish()
    }
}

/// A hash in progress; its result does not depend on how the text is split into pieces.
private struct ContentState {
    private let key0: UInt64
    private let key1: UInt64
    private var state: UInt64
    private var count = 0
    /// Bytes that do not fill 16 yet, and their number.
    private var carry: (UInt64, UInt64) = (0, 0)
    private var carried = 0

    init(_ hash: ContentHash) {
        (key0, key1, state) = (hash.key0, hash.key1, hash.key1)
    }

    @inline(__always)
    private static func folded(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    @inline(__always)
    mutating func takeWords(_ first: UInt64, _ second: UInt64) {
        state = Self.folded(first ^ key0, second ^ state)
    }

    @inline(__always)
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        count += bytes.count
        var at = carried == 0 ? 0 : fillCarry(bytes)
        while at + 16 <= bytes.count {
            takeWords(
                start.loadUnaligned(fromByteOffset: at, as: UInt64.self),
                start.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self)
            )
            at += 16
        }
        if at < bytes.count {
            let left = bytes.count - at
            withUnsafeMutableBytes(of: &carry) {
                $0.baseAddress?.copyMemory(from: start + at, byteCount: left)
            }
            carried = left
        }
    }

    /// Takes as many bytes as the carry lacks, or all, and returns their number.
    @inline(never)
    private mutating func fillCarry(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(16 - carried, bytes.count)
        let before = carried
        withUnsafeMutableBytes(of: &carry) { carry in
            for at in 0..<taken { carry[before + at] = bytes[at] }
        }
        carried += taken
        if carried == 16 {
            takeWords(carry.0, carry.1)
            (carry, carried) = ((0, 0), 0)
        }
        return taken
    }

    /// Takes text in the form of a line: without its line breaks, which are outside strings.
    @inline(never)
    mutating func takeWithoutBreaks(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        for at in bytes.indices where bytes[at] == 0x0A || bytes[at] == 0x0D {
            take(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            start = at + 1
        }
        take(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    /// Takes a context inherited from a batch, as the line has it before the event's members.
    @inline(never)
    mutating func takeContext(_ context: UnsafeRawBufferPointer) {
        take("\"context\":")
        takeWithoutBreaks(context)
        take(",")
    }

    private mutating func take(_ text: StaticString) {
        take(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func finish() -> UInt64 {
        takeWords(carry.0, carry.1)
        takeWords(UInt64(truncatingIfNeeded: count), key1)
        let hash = Self.folded(state ^ key0, key1 ^ 0x9E37_79B9_7F4A_7C15)
        // 0 means unknown.
        return hash == 0 ? 1 : hash
    }
}
