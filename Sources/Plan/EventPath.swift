/// A name of a member: equal to another only if all bytes are, unlike a `String`.
package struct MemberName: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: MemberName, right: MemberName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }
}

/// A path into an event: `properties.total`, `properties.products[].sku`, `context.traits.*`, `**.email`.
///
/// A dot, a bracket, an asterisk or a backslash that belongs to a name has a backslash in front.
package struct EventPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case member(MemberName)
        /// Every element of an array.
        case elements
        /// Every member of an object.
        case anyMember
    }

    /// Whether the path is one name, of members at any depth.
    package let isAnywhere: Bool
    package let steps: [Step]
    package let description: String

    private init(isAnywhere: Bool, steps: [Step], description: String) {
        self.isAnywhere = isAnywhere
        self.steps = steps
        self.description = description
    }

    package init(_ text: String, line: Int = 1) throws(SchemaError) {
        var steps: [Step] = []
        let isAnywhere = text.hasPrefix("**.")
        var rest = (isAnywhere ? text.dropFirst(3) : text[...]).unicodeScalars
        repeat {
            let (name, isPlain) = Self.name(&rest)
            guard !name.isEmpty else {
                throw SchemaError(line: line, "path '\(text)': a name is missing")
            }
            steps.append(isPlain && name == "*" ? .anyMember : .member(MemberName(name)))
            while rest.starts(with: "[]".unicodeScalars) {
                rest.removeFirst(2)
                steps.append(.elements)
            }
            guard let next = rest.popFirst() else { break }
            guard next == "." else {
                throw SchemaError(
                    line: line,
                    "path '\(text)': expected '.' or '[]' before '\(next)'"
                )
            }
        } while true
        if isAnywhere {
            guard steps.count == 1, case .member = steps[0] else {
                throw SchemaError(line: line, "path '\(text)': one name follows '**.'")
            }
        }
        self.init(isAnywhere: isAnywhere, steps: steps, description: text)
    }

    /// Takes a name; also returns whether it has no backslash.
    private static func name(
        _ rest: inout Substring.UnicodeScalarView
    ) -> (name: String, isPlain: Bool) {
        var name = String.UnicodeScalarView()
        var isPlain = true
        while let next = rest.first, next != ".", next != "[" {
            rest.removeFirst()
            guard next == "\\", let escaped = rest.popFirst() else {
                name.append(next)
                continue
            }
            isPlain = false
            name.append(escaped)
        }
        return (String(name), isPlain)
    }

    /// The path as violations name it: without backslashes.
    package var shown: String {
        var text = ""
        for step in steps {
            switch step {
            case .elements: text += "[]"
            case .anyMember: text += text.isEmpty ? "*" : ".*"
            case .member(let name): text += text.isEmpty ? name.text : ".\(name.text)"
            }
        }
        return text
    }

    /// The path with `prefix` in front.
    package func below(_ prefix: String) -> EventPath {
        EventPath(
            isAnywhere: false,
            steps: [.member(MemberName(prefix))] + steps,
            description: "\(prefix).\(description)"
        )
    }

    package static func == (left: EventPath, right: EventPath) -> Bool {
        left.isAnywhere == right.isAnywhere && left.steps == right.steps
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(isAnywhere)
        hasher.combine(steps)
    }
}

/// The paths that anything wants of events, each with the number of its slot.
///
/// Recognised fields, partition keys, privacy rules and figures all ask here; one walk then finds the
/// values of all slots.
package struct PathSet: Sendable {
    package private(set) var paths: [EventPath] = []
    private var slots: [EventPath: UInt32] = [:]

    package init() {}

    /// Returns the slot of a path, the same for equal paths.
    package mutating func slot(of path: EventPath) -> UInt32 {
        if let slot = slots[path] { return slot }
        let slot = UInt32(paths.count)
        paths.append(path)
        slots[path] = slot
        return slot
    }
}
