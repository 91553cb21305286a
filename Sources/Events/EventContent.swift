/// What of an event's text tells it from another one: all of it but the top-level `sentAt`, which
/// SDKs set anew with each attempt.
///
/// A written line has the same content as the event it was made of: line breaks do not count, a
/// `context` that a batch handed down does, a `sentAt` that it handed down does not. Of several
/// members of that name the one that counts for batches is left out.
struct EventContent {
    /// What stands before and behind the member that is left out.
    private(set) var first: UnsafeRawBufferPointer
    private(set) var second = UnsafeRawBufferPointer(start: nil, count: 0)

    /// `body`: the text behind the object's opening brace, or a part of it.
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
            // It is the last member: the comma before it goes with it.
            at = from
            while at > 0, body[at - 1].isJSONSpace { at -= 1 }
            if at > 0, body[at - 1] == UInt8(ascii: ",") { from = at - 1 }
        }
        first = UnsafeRawBufferPointer(rebasing: body[..<from])
        second = UnsafeRawBufferPointer(rebasing: body[end...])
    }
}

/// A keyed hash of 64 bits of an event's content.
///
/// Every 16 bytes are multiplied with what came before and with the key, as in wyhash (Wang Yi). Whoever
/// does not know the key cannot choose two events with one hash. The key stays the same over restarts,
/// since hashes are kept in files.
package struct ContentHash: Sendable, Equatable {
    package let key0: UInt64
    package let key1: UInt64

    package init(key0: UInt64, key1: UInt64) {
        (self.key0, self.key1) = (key0, key1)
    }

    /// A key that nobody knows.
    package static var random: ContentHash {
        ContentHash(key0: .random(in: .min ... .max), key1: .random(in: .min ... .max))
    }

    /// Tells whether hashes were made with the same key, and nothing else about it.
    package var check: UInt64 {
        var state = ContentState(self)
        state.takeWords(0x6b63_6568_6320_7079, 0x7469_7475_6564_6920)
        return state.finish()
    }

    /// Of an event that is about to be written; never 0.
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

    /// Of an event that was written; the same as before.
    package func callAsFunction(_ line: borrowing WrittenLine) -> UInt64 {
        var state = ContentState(self)
        state.take(line.content)
        state.take(line.contentBehindSentAt)
        return state.finish()
    }
}

/// A hash under way; what it comes to does not depend on how the text is cut into pieces.
private struct ContentState {
    private let key0: UInt64
    private let key1: UInt64
    private var state: UInt64
    private var count = 0
    /// Bytes that do not make 16 yet, and their number.
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

    /// Takes as many bytes as the carry lacks, or all there are, and gives their number.
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

    /// Takes text as a line has it: without the line breaks, which are outside strings.
    @inline(never)
    mutating func takeWithoutBreaks(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        for at in bytes.indices where bytes[at] == 0x0A || bytes[at] == 0x0D {
            take(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            start = at + 1
        }
        take(UnsafeRawBufferPointer(rebasing: bytes[start...]))
    }

    /// Takes a context that a batch hands down, as the line has it before the event's members.
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
        // 0 means that nothing is known.
        return hash == 0 ? 1 : hash
    }
}
