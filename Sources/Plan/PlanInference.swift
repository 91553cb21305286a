import Events

/// Learns a plan from events: one pass, in memory that does not grow with their number.
///
/// One thread.
package struct PlanInference: ~Copyable {
    /// Deeper values are not described.
    static let depthMax = 16

    /// What was seen of the events of one name.
    final class EventFacts {
        var count = 0
        let properties = PropertyFacts()
        var room = InferenceRoom.placesOfEventMax
    }

    private(set) var events: [MemberName: EventFacts] = [:]
    /// What all events have beside their properties.
    let common = PropertyFacts()
    /// The types that `properties` and `traits` have.
    private(set) var containerTypes: [String: UInt8] = [:]
    private var commonRoom = InferenceRoom.placesOfEventMax
    private var room = InferenceRoom()
    private var reader = ValueReader(depthMax: 1_026)
    private var formats = TextFormats()
    private var objectNumber = 0

    /// Events that were read.
    package private(set) var count = 0
    /// Texts that are no JSON object.
    package private(set) var unreadable = 0
    /// Events without a name, which a plan cannot describe.
    package private(set) var unnamed = 0
    /// Events of names beyond the limit of a plan.
    package private(set) var eventsLeftOut = 0

    package init() {}

    /// Adds one event.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard reader.read(bytes) == nil, bytes[reader.start] == UInt8(ascii: "{") else {
            unreadable += 1
            return
        }
        count += 1
        let name = MemberName(String(decoding: reader.eventName, as: UTF8.self))
        let event = facts(of: name)
        let container = PlanDefinition.Event.container(of: name.text)
        var cursor = JSONCursor(bytes, at: reader.start)
        event?.count += 1
        common.objects += 1
        objectNumber += 1
        let object = objectNumber
        guard !cursor.enter() else { return }
        repeat {
            let key = JSONCursor.text(cursor.takeName())
            let first = cursor.next()
            if key == "properties" || key == "traits" {
                containerTypes[key, default: 0] |= Self.type(of: first)
            }
            if key == container, let event, first == UInt8(ascii: "{") {
                room.ofEvent = event.room
                take(&cursor, into: event.properties, depth: 0)
                event.room = room.ofEvent
            } else if Self.isApart(key) {
                cursor.skip()
            } else {
                room.ofEvent = commonRoom
                takeMember(named: key, &cursor, of: common, at: Level(object: object, depth: 0))
                commonRoom = room.ofEvent
            }
        } while cursor.advance()
    }

    /// Members of the top level that `common` does not describe.
    private static func isApart(_ key: String) -> Bool {
        key == "properties" || key == "traits" || key == "event" || key == "_touchpoint"
    }

    private mutating func facts(of name: MemberName) -> EventFacts? {
        guard !name.text.isEmpty else {
            unnamed += 1
            return nil
        }
        if let known = events[name] { return known }
        guard events.count < PlanReader.eventsMax,
            name.text.utf8.count <= InferenceRoom.nameBytesMax
        else {
            eventsLeftOut += 1
            return nil
        }
        let made = EventFacts()
        events[name] = made
        return made
    }

    private static func type(of first: UInt8) -> UInt8 {
        switch first {
        case UInt8(ascii: "{"): 4
        case UInt8(ascii: "["): 8
        case UInt8(ascii: "\""): 16
        case UInt8(ascii: "n"): 1
        case UInt8(ascii: "t"), UInt8(ascii: "f"): 2
        default: 32
        }
    }

    /// Where a value is: in the object of that number, so deep.
    private struct Level {
        let object: Int
        let depth: Int
    }

    private mutating func takeMember(
        named name: String,
        _ cursor: inout JSONCursor,
        of parent: PropertyFacts,
        at level: Level
    ) {
        guard let member = parent.member(MemberName(name), room: &room) else {
            parent.leftOut += 1
            return cursor.skip()
        }
        member.appear(in: level.object)
        take(&cursor, into: member, depth: level.depth + 1)
    }

    private mutating func take(
        _ cursor: inout JSONCursor,
        into facts: PropertyFacts,
        depth: Int
    ) {
        let type = Self.type(of: cursor.next())
        facts.count += 1
        if type != 32 { facts.types |= type }
        switch type {
        case _ where type & 12 != 0 && depth >= Self.depthMax:
            if type == 4 { facts.objects += 1 }
            facts.leftOut += 1
            cursor.skip()
        case 4: takeObject(&cursor, into: facts, depth: depth)
        case 8:
            guard !cursor.enter() else { return }
            repeat {
                if let element = facts.element(room: &room) {
                    take(&cursor, into: element, depth: depth + 1)
                } else {
                    facts.leftOut += 1
                    cursor.skip()
                }
            } while cursor.advance()
        case 16: takeText(cursor.takeString(), into: facts)
        default:
            let text = cursor.takeLiteral()
            guard type == 32 else { return }
            facts.numbers += 1
            let isWhole = text.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 48 && $0 <= 57) }
            facts.types |= isWhole ? 64 : 32
        }
    }

    private mutating func takeObject(
        _ cursor: inout JSONCursor,
        into facts: PropertyFacts,
        depth: Int
    ) {
        facts.objects += 1
        objectNumber += 1
        let level = Level(object: objectNumber, depth: depth)
        guard !cursor.enter() else { return }
        repeat {
            let name = JSONCursor.text(cursor.takeName())
            takeMember(named: name, &cursor, of: facts, at: level)
        } while cursor.advance()
    }

    private mutating func takeText(_ string: UnsafeRawBufferPointer, into facts: PropertyFacts) {
        facts.strings += 1
        formats.keep(&facts.texts, for: string)
        if facts.texts.values != nil { facts.texts.count(JSONCursor.text(string)) }
    }
}
