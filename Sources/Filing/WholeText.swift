import Events

/// An event with the fields of its batch, as its line will have them.
struct WholeText {
    /// What the parser may read behind a text.
    static let guardBytes = 64
    private static let contextKey: StaticString = #""context":"#
    private static let sentAtKey: StaticString = #""sentAt":"#

    private let room: UnsafeMutableRawBufferPointer
    private var end = 0

    private init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

    /// Writes the text; it stays as long as `texts` keeps it.
    static func write(
        _ event: borrowing EventView,
        to texts: inout TextArena
    ) -> UnsafeRawBufferPointer {
        let keys = contextKey.utf8CodeUnitCount + sentAtKey.utf8CodeUnitCount + 3
        let fields = event.inheritedContext.count + event.inheritedSentAt.count
        var text = WholeText(texts.take(event.bytes.count + fields + keys + guardBytes))
        let body = UnsafeRawBufferPointer(rebasing: event.bytes[1...])
        let isEmpty = body.first { !$0.isJSONSpace } == UInt8(ascii: "}")
        text.append("{")
        text.append(contextKey, event.inheritedContext)
        text.append(sentAtKey, event.inheritedSentAt)
        // The last comma.
        if isEmpty { text.end -= 1 }
        text.append(body)
        return UnsafeRawBufferPointer(rebasing: text.room[..<text.end])
    }

    private mutating func append(_ key: StaticString, _ value: UnsafeRawBufferPointer) {
        guard !value.isEmpty else { return }
        append(key)
        append(value)
        append(",")
    }

    private mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: room[end...]).copyMemory(from: bytes)
        end += bytes.count
    }
}
