import Events

/// Looks through an event for the places of what may be personal data.
enum PersonalScan {
    private static let depthMax = 16
    private static let placesMax = 64
    private static let libraryBytesMax = 100

    /// The paths of values that look like an e-mail address, an IP address or the number of a card, as
    /// violations name them, each once.
    static func places(in event: UnsafeRawBufferPointer) -> [String] {
        var cursor = JSONCursor(event)
        var places: [String] = []
        search(&cursor, at: "", depth: 0, &places)
        return places
    }

    private static func search(
        _ cursor: inout JSONCursor,
        at path: String,
        depth: Int,
        _ places: inout [String]
    ) {
        let first = cursor.next()
        guard depth < depthMax, places.count < placesMax else { return cursor.skip() }
        switch first {
        case UInt8(ascii: "{"):
            guard !cursor.enter() else { return }
            repeat {
                let name = JSONCursor.text(cursor.takeName())
                // The collector's own.
                if path.isEmpty, name == "_touchpoint" {
                    cursor.skip()
                    continue
                }
                search(
                    &cursor,
                    at: path.isEmpty ? name : "\(path).\(name)",
                    depth: depth + 1,
                    &places
                )
            } while cursor.advance()
        case UInt8(ascii: "["):
            guard !cursor.enter() else { return }
            repeat {
                search(&cursor, at: path + "[]", depth: depth + 1, &places)
            } while cursor.advance()
        default:
            if let value = cursor.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                PersonalData.isValue(value + cursor.at), !places.contains(path)
            {
                places.append(path)
            }
            cursor.skip()
        }
    }

    /// The name and version of `context.library`; nil without one.
    ///
    /// - `context`: that of the event's batch, or nothing.
    static func library(
        of event: UnsafeRawBufferPointer,
        context: UnsafeRawBufferPointer
    ) -> String? {
        var cursor = JSONCursor(context.isEmpty ? event : context)
        if context.isEmpty, !enter("context", &cursor) { return nil }
        guard enter("library", &cursor) else { return nil }
        var (name, version) = ("", "")
        guard cursor.next() == UInt8(ascii: "{"), !cursor.enter() else { return nil }
        repeat {
            let key = JSONCursor.text(cursor.takeName())
            guard cursor.next() == UInt8(ascii: "\"") else {
                cursor.skip()
                continue
            }
            let text = JSONCursor.text(cursor.takeString())
            if key == "name" { name = text }
            if key == "version" { version = text }
        } while cursor.advance()
        let text = version.isEmpty ? name : "\(name) \(version)"
        guard !text.isEmpty, text.utf8.count <= libraryBytesMax else { return nil }
        return text
    }

    /// Goes to the value of a member of the object at the cursor; false if it has none.
    private static func enter(_ name: String, _ cursor: inout JSONCursor) -> Bool {
        guard cursor.next() == UInt8(ascii: "{"), !cursor.enter() else { return false }
        repeat {
            if JSONCursor.text(cursor.takeName()) == name { return true }
            cursor.skip()
        } while cursor.advance()
        return false
    }

    /// The type of a value by its first byte, as in ``NodeRules/types``.
    static func type(of first: UInt8) -> UInt8 {
        switch first {
        case UInt8(ascii: "{"): 4
        case UInt8(ascii: "["): 8
        case UInt8(ascii: "\""): 16
        case UInt8(ascii: "n"): 1
        case UInt8(ascii: "t"), UInt8(ascii: "f"): 2
        default: 32
        }
    }
}
