/// Makes events of the elements of a list in an object, each with the object's other members.
///
/// One thread at a time. It keeps its memory.
package struct EnvelopeSplit: ~Copyable {
    /// What is split, and what its elements get of the object around them.
    package struct Rule: Sendable, Equatable {
        /// The member with the list, as it is written.
        package var list: String
        /// The other members that are handed down; nil for all.
        package var kept: [String]?

        package init(list: String, kept: [String]? = nil) {
            (self.list, self.kept) = (list, kept)
        }
    }

    /// Members that are handed down; with more the object stays one event, since each is looked for in
    /// every element.
    private static let membersMax = 64

    private var reader: ValueReader
    private var text: [UInt8] = []
    private var members: [TopLevelMembers.Member] = []

    package init(depthMax: Int) {
        reader = ValueReader(depthMax: depthMax)
    }

    /// Returns the elements with what they get, as an array; it is valid until the next call.
    ///
    /// Nil for everything but an object that has that list once, of at least one object and nothing else,
    /// and if the copies would be more than the message may make. Then the text stays as it is.
    package mutating func split(
        _ payload: UnsafeRawBufferPointer,
        by rule: Rule,
        messageBytes: Int
    ) -> [UInt8]? {
        let start = payload.firstIndex { !$0.isJSONSpace } ?? payload.count
        guard start < payload.count, payload[start] == UInt8(ascii: "{"),
            reader.read(payload) == nil,
            let list = findMembers(UnsafeRawBufferPointer(rebasing: payload[start...]), rule)
        else { return nil }
        var allowance = CopyAllowance(messageBytes: messageBytes)
        text.removeAll(keepingCapacity: true)
        text.append(UInt8(ascii: "["))
        var elements = ElementScanner(list)
        var isFirst = true
        while let element = elements.next() {
            guard element.first == UInt8(ascii: "{") else { return nil }
            let before = text.count
            if !isFirst { text.append(UInt8(ascii: ",")) }
            append(element)
            let added = text.count - before - element.count
            if !isFirst, added > 0, !allowance.take(bytes: added) { return nil }
            isFirst = false
        }
        text.append(UInt8(ascii: "]"))
        return isFirst ? nil : text
    }

    /// Finds what is handed down, and returns the list.
    private mutating func findMembers(
        _ object: UnsafeRawBufferPointer,
        _ rule: Rule
    ) -> UnsafeRawBufferPointer? {
        members.removeAll(keepingCapacity: true)
        var list: UnsafeRawBufferPointer?
        var found = TopLevelMembers(object)
        while let member = found.next() {
            if member.key.elementsEqual(rule.list.utf8) {
                guard list == nil, member.value.first == UInt8(ascii: "[") else { return nil }
                list = member.value
            } else if member.key.elementsEqual("_touchpoint".utf8) {
                return nil
            } else if rule.kept?.contains(where: { member.key.elementsEqual($0.utf8) }) ?? true,
                !members.contains(where: { $0.key.elementsEqual(member.key) })
            {
                guard members.count < Self.membersMax else { return nil }
                members.append(member)
            }
        }
        return list
    }

    /// Appends an element with the members that it lacks, behind its own.
    private mutating func append(_ element: UnsafeRawBufferPointer) {
        guard !members.isEmpty else {
            text += element
            return
        }
        var (own, isEmpty): (UInt64, Bool) = (0, true)
        var found = TopLevelMembers(element)
        while let member = found.next() {
            isEmpty = false
            for (at, other) in members.enumerated() where other.key.elementsEqual(member.key) {
                own |= 1 << UInt64(at)
            }
        }
        text += element.dropLast()
        for (at, member) in members.enumerated() where own >> UInt64(at) & 1 == 0 {
            if !isEmpty { text.append(UInt8(ascii: ",")) }
            isEmpty = false
            text.append(UInt8(ascii: "\""))
            text += member.key
            text += [UInt8(ascii: "\""), UInt8(ascii: ":")]
            text += member.value
        }
        text.append(UInt8(ascii: "}"))
    }
}

/// The elements of an array, which is valid JSON.
private struct ElementScanner {
    private let text: UnsafeRawBufferPointer
    private var at = 1

    init(_ array: UnsafeRawBufferPointer) { text = array }

    mutating func next() -> UnsafeRawBufferPointer? {
        while at < text.count, text[at].isJSONSpace || text[at] == UInt8(ascii: ",") { at += 1 }
        let start = at
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at = BracketScanner.endOfString(at, in: text) ?? text.count
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ","):
                if depth == 0 { return ended(from: start) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return ended(from: start) }
                depth -= 1
            default: break
            }
            at += 1
        }
        return nil
    }

    private func ended(from start: Int) -> UnsafeRawBufferPointer? {
        var end = at
        while end > start, text[end - 1].isJSONSpace { end -= 1 }
        return end > start ? UnsafeRawBufferPointer(rebasing: text[start..<end]) : nil
    }
}
