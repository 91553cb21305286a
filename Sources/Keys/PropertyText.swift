/// Reads the part of the ZeroMQ Property Language (RFC 4) that certificates need: sections without
/// indentation, and properties that are indented by four spaces.
///
/// Deeper levels are passed over. Text behind `#` outside of quotes is a comment. A value may be
/// between two quotes of one kind; nothing is escaped.
enum PropertyText {
    /// A line that is no property.
    struct Problem: Error, Equatable {
        var line: Int
        var text: String
    }

    private static let indentation = 4

    /// Calls `body` for each property of a section, in order.
    ///
    /// - Parameters:
    ///   - text: the whole file.
    ///   - body: receives section, name, and value without its quotes, which is valid for the call.
    /// - Throws: the first line that breaks the rules.
    static func read(
        _ text: UnsafeRawBufferPointer,
        _ body: (String, String, UnsafeRawBufferPointer, Int) throws(Problem) -> Void
    ) throws(Problem) {
        var section = ""
        var start = 0
        var number = 0
        while start < text.count {
            number += 1
            let end = text[start...].firstIndex { $0 == UInt8(ascii: "\n") } ?? text.count
            let line = UnsafeRawBufferPointer(rebasing: text[start..<end])
            start = end + 1
            guard let property = try parse(line, number) else { continue }
            switch property.level {
            case 0: section = property.name
            case 1: try body(section, property.name, property.value, number)
            default: break
            }
        }
    }

    private struct Property {
        var level: Int
        var name: String
        var value: UnsafeRawBufferPointer
    }

    /// Returns nil for a blank line or a comment.
    private static func parse(
        _ line: UnsafeRawBufferPointer,
        _ number: Int
    ) throws(Problem) -> Property? {
        let spaces = line.prefix { $0 == UInt8(ascii: " ") }.count
        let rest = trimmed(line[spaces...])
        guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
        guard spaces % indentation == 0 else {
            throw Problem(line: number, text: "is indented by \(spaces) spaces: use 4 per level")
        }
        let name = rest.prefix(while: isNameCharacter)
        guard !name.isEmpty else {
            throw Problem(line: number, text: "does not begin with a name")
        }
        let tail = trimmed(rest[name.endIndex...])
        return Property(
            level: spaces / indentation,
            name: String(decoding: name, as: UTF8.self),
            value: UnsafeRawBufferPointer(rebasing: try value(tail, number))
        )
    }

    private static func value(
        _ tail: Slice<UnsafeRawBufferPointer>,
        _ number: Int
    ) throws(Problem) -> Slice<UnsafeRawBufferPointer> {
        guard let mark = tail.first, mark != UInt8(ascii: "#") else { return tail.prefix(0) }
        guard mark == UInt8(ascii: "=") else {
            throw Problem(line: number, text: "has no '=' behind its name")
        }
        let text = trimmed(tail.dropFirst())
        guard let quote = text.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        else {
            return trimmed(text.prefix { $0 != UInt8(ascii: "#") })
        }
        let inner = text.dropFirst()
        guard let end = inner.firstIndex(of: quote) else {
            throw Problem(line: number, text: "has a quote that does not end")
        }
        let behind = trimmed(inner[(end + 1)...])
        guard behind.isEmpty || behind.first == UInt8(ascii: "#") else {
            throw Problem(line: number, text: "has text behind the closing quote")
        }
        return inner[..<end]
    }

    private static func trimmed(
        _ text: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer> {
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return start.prefix(0) }
        return start[...last]
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "$-_@.&+/".utf8.contains(byte)
        }
    }
}
