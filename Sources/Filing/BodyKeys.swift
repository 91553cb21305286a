import Events
import Intake
import Platform

/// Keys that clients put into their payloads.
enum BodyKeys {
    /// The names of a key, in this order.
    private static let names: [StaticString] = ["writeKey", "api_key", "token"]
    /// Snowplow's trackers have nothing else than the name of their app.
    private static let snowplowNames: [StaticString] = ["aid"]

    /// The key in the first object of a text; nil if it has none.
    static func key(
        in text: UnsafeRawBufferPointer,
        of form: RequestNote.Form
    ) -> UnsafeRawBufferPointer? {
        let names = form == .snowplow ? snowplowNames : Self.names
        guard names.contains(where: { ByteSearch.contains($0, in: text) }) else { return nil }
        let object = firstObject(in: text)
        if let key = key(names, of: object) { return key }
        switch form {
        case .snowplow:
            return member("data", of: object).flatMap { key(names, of: firstObject(in: $0)) }
        case .posthog:
            if let key = member("properties", of: object).flatMap({ key(["token"], of: $0) }) {
                return key
            }
            let first = member("batch", of: object).map(firstObject)
            return first.flatMap { key(names, of: $0) }
                ?? first.flatMap { member("properties", of: $0) }
                .flatMap { key(["token"], of: $0) }
        default: return nil
        }
    }

    private static func firstObject(in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let start = text.firstIndex { !isBlank($0) && $0 != UInt8(ascii: "[") } ?? text.count
        return UnsafeRawBufferPointer(rebasing: text[start...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private static func key(
        _ names: [StaticString],
        of object: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        var members = TopLevelMembers(object)
        var found: (place: Int, key: UnsafeRawBufferPointer)?
        while let member = members.next() {
            guard let place = names.firstIndex(where: { $0.isText(member.key) }),
                place < found?.place ?? .max, let key = member.string, !key.isEmpty
            else { continue }
            found = (place, key)
        }
        return found?.key
    }

    private static func member(
        _ name: StaticString,
        of object: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        var members = TopLevelMembers(object)
        while let member = members.next() {
            if name.isText(member.key) { return member.value }
        }
        return nil
    }

    /// The members of an event that are left out: `writeKey`, and others whose value is a key here.
    static func cuts(
        in text: UnsafeRawBufferPointer,
        of form: RequestNote.Form,
        _ gate: (any RequestGate)?
    ) -> [Range<Int>] {
        guard names.contains(where: { ByteSearch.contains($0, in: text) }) else { return [] }
        var cuts: [Range<Int>] = []
        var members = TopLevelMembers(text)
        while let member = members.next() {
            if isCut(member, gate) {
                cuts.append(member.range)
            } else if form == .posthog, isName("properties", member) {
                let start = member.range.upperBound - member.value.count
                cuts += innerCuts(in: member.value, gate).map {
                    $0.lowerBound + start..<$0.upperBound + start
                }
            }
        }
        return cuts
    }

    private static func isName(_ name: StaticString, _ member: TopLevelMembers.Member) -> Bool {
        name.isText(member.key)
    }

    private static func isCut(
        _ member: TopLevelMembers.Member,
        _ gate: (any RequestGate)?
    ) -> Bool {
        guard let place = names.firstIndex(where: { $0.isText(member.key) }) else { return false }
        if place == 0 { return true }
        guard let gate, let value = member.string else { return false }
        return gate.isKey(value)
    }

    /// The parts of an inner object that are left out, each with the comma that is then too much.
    private static func innerCuts(
        in object: UnsafeRawBufferPointer,
        _ gate: (any RequestGate)?
    ) -> [Range<Int>] {
        var (cuts, keptEnd, cutStart, cutEnd) = ([Range<Int>](), Int?.none, Int?.none, 0)
        var members = TopLevelMembers(object)
        while let member = members.next() {
            if isCut(member, gate) {
                cutStart = cutStart ?? member.range.lowerBound
                cutEnd = member.range.upperBound
            } else {
                if let start = cutStart { cuts.append(start..<member.range.lowerBound) }
                (keptEnd, cutStart) = (member.range.upperBound, nil)
            }
        }
        if let start = cutStart { cuts.append((keptEnd ?? start)..<cutEnd) }
        return cuts
    }
}

extension TopLevelMembers.Member {
    /// The text of a string; nil for another value.
    fileprivate var string: UnsafeRawBufferPointer? {
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
        return UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
    }
}

extension StaticString {
    fileprivate func isText(_ text: UnsafeRawBufferPointer) -> Bool {
        text.elementsEqual(UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}
