import Events

/// What was seen at one place of the events of one name.
final class PropertyFacts {
    /// The most bytes of a value that may be one of a few, and the most different ones.
    static let valueBytesMax = 64
    static let valuesMax = 12

    /// How many values there were, of which so many were objects, numbers and strings.
    var count = 0
    var objects = 0
    var numbers = 0
    var strings = 0
    /// As in ``NodeRules/types``.
    var types: UInt8 = 0
    var texts = TextFacts()
    private(set) var members: [MemberName: PropertyFacts] = [:]
    private(set) var elements: PropertyFacts?
    /// How many objects had this member.
    private(set) var present = 0
    /// Members or levels that are not described, because of a limit.
    var leftOut = 0
    private var lastObject = 0

    /// Returns the member of that name; makes it if there is room.
    func member(_ name: MemberName, room: inout InferenceRoom) -> PropertyFacts? {
        if let member = members[name] { return member }
        guard members.count < PlanReader.propertiesMax, !name.text.isEmpty,
            name.text.utf8.count <= InferenceRoom.nameBytesMax, room.take()
        else { return nil }
        let member = PropertyFacts()
        members[name] = member
        return member
    }

    /// Returns what all elements have; makes it if there is room.
    func element(room: inout InferenceRoom) -> PropertyFacts? {
        if elements == nil, room.take() { elements = PropertyFacts() }
        return elements
    }

    /// Counts the object of that number as one that has this member, once.
    func appear(in object: Int) {
        guard lastObject != object else { return }
        lastObject = object
        present += 1
    }

    /// Whether members that were not seen yet are to be expected: then none are described.
    ///
    /// The share of members seen once estimates how often the next object has a new one (Good 1953).
    var isUnsettled: Bool { leftOut > 0 || seenOnce * 50 > objects }

    /// The properties of a plan that describe this place and its elements, without members.
    var places: Int { 1 + (elements?.places ?? 0) }

    /// How many members only one object had.
    var seenOnce: Int { members.values.count { $0.present == 1 } }
}

/// What the strings at one place have in common.
struct TextFacts {
    /// The formats that all of them have.
    var formats: Set<String>?
    /// How often each was seen; nil if there are too many, or long ones.
    var values: [String: Int]? = [:]
    /// How many look like an e-mail address, and like an IP address.
    var addresses = 0
    var ips = 0

    mutating func count(_ text: String) {
        guard values != nil else { return }
        guard text.utf8.count <= PropertyFacts.valueBytesMax else {
            values = nil
            return
        }
        values?[text, default: 0] += 1
        if let values, values.count > PropertyFacts.valuesMax { self.values = nil }
    }
}

/// The places that an inference may remember, of one event and of all.
struct InferenceRoom {
    static let nameBytesMax = 256
    static let placesMax = 200_000

    static let placesOfEventMax = 16 * PlanReader.propertiesMax

    /// Free places of the present event.
    var ofEvent = Self.placesOfEventMax
    private(set) var ofAll = Self.placesMax

    mutating func take() -> Bool {
        guard ofEvent > 0, ofAll > 0 else { return false }
        ofEvent -= 1
        ofAll -= 1
        return true
    }
}
