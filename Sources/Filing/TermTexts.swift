import Events
import Intake
import Platform

/// A place of a value, or a text, that takes part in what an event is known by.
struct PlacedTerm {
    var role: EventPlaces.Role
    /// Whether its value is in the event.
    var isOfEvent: Bool
    /// The text in place of any value there; without one, the value has the text.
    var text = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The path of a place, names with zero bytes between them; empty where others find the value.
    var path = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The unit of a time that is a number.
    var unit = UnixTime.Unit.any
}

/// Makes an event's identity, name, channel and time of terms and their values.
///
/// One thread, the writer's; nothing is allocated for an event.
struct TermTexts: ~Copyable {
    static let textBytesMax = EventPlaces.textBytesMax

    var terms: [PlacedTerm] = []
    /// By term, the JSON that it leads to; empty for none.
    var values: [UnsafeRawBufferPointer] = []
    private let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: textBytesMax,
        alignment: 8
    )

    deinit { scratch.deallocate() }

    mutating func add(_ term: PlacedTerm) {
        terms.append(term)
        values.append(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    mutating func removeAll() {
        terms.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    mutating func forgetValues() {
        for at in values.indices { values[at] = UnsafeRawBufferPointer(start: nil, count: 0) }
    }

    /// The roles of terms of one kind: what begins another choice, another part of one, and a term.
    struct Kind {
        var choice: EventPlaces.Role
        var part: EventPlaces.Role
        var term: EventPlaces.Role

        static let identity = Kind(choice: .identityChoice, part: .identityPart, term: .identity)
        static let name = Kind(choice: .nameChoice, part: .namePart, term: .name)
        static let channel = Kind(choice: .channelChoice, part: .channelPart, term: .channel)

        func has(_ role: EventPlaces.Role) -> Bool {
            role == choice || role == part || role == term
        }
    }

    /// Writes the text of the first choice whose first part has one; nil if none has.
    ///
    /// - Returns: the bytes, and whether any of it is in the event.
    func write(
        _ kind: Kind,
        to room: UnsafeMutableRawBufferPointer
    ) -> (count: Int, isOfEvent: Bool)? {
        var at = 0
        while at < terms.count {
            guard kind.has(terms[at].role) else {
                at += 1
                continue
            }
            let start = at + (terms[at].role == kind.choice ? 1 : 0)
            var end = start
            while end < terms.count, terms[end].role == kind.part || terms[end].role == kind.term {
                end += 1
            }
            if let written = write(kind, start..<end, to: room) { return written }
            at = max(end, at + 1)
        }
        return nil
    }

    /// Writes the parts of a choice; nil if it has no room, or its first part is missing.
    ///
    /// A single part is the text itself. Of an identity's parts each has its length before it, so two
    /// lists of parts are never one identity; those of other texts have a point between them.
    private func write(
        _ kind: Kind,
        _ range: Range<Int>,
        to room: UnsafeMutableRawBufferPointer
    ) -> (count: Int, isOfEvent: Bool)? {
        var text = Text(room)
        var isOfEvent = false
        let parts = range.count { terms[$0].role == kind.part }
        let isMeasured = kind.part == .identityPart && parts > 1
        var at = range.lowerBound
        var isFirst = true
        if kind.part == .namePart {
            for prefix in terms where prefix.role == .namePrefix { text.append(prefix.text) }
        }
        while at < range.upperBound {
            if terms[at].role == kind.part { at += 1 }
            var end = at
            while end < range.upperBound, terms[end].role == kind.term { end += 1 }
            let found = first(at..<end)
            guard found != nil || !isFirst else { return nil }
            isOfEvent = isOfEvent || found?.isOfEvent ?? false
            let count = found?.count ?? 0
            if isMeasured { text.append(length: count) }
            if !isMeasured, !isFirst, count > 0 { text.append(CollectionOfOne(UInt8(ascii: "."))) }
            text.append(scratch[..<count])
            (at, isFirst) = (end, false)
        }
        guard let count = text.count, count > 0 else { return nil }
        return (count, isOfEvent)
    }

    /// Writes the first text of some terms to the scratch.
    private func first(_ range: Range<Int>) -> (count: Int, isOfEvent: Bool)? {
        for at in range {
            if let count = write(at, to: scratch) { return (count, terms[at].isOfEvent) }
        }
        return nil
    }

    /// Writes the text of a term; nil if it has none, or one that is empty or too long.
    private func write(_ at: Int, to room: UnsafeMutableRawBufferPointer) -> Int? {
        let term = terms[at]
        if term.isOfEvent, term.text.isEmpty {
            guard let count = JSONScalar.write(values[at], to: room), count > 0 else { return nil }
            return count
        }
        if term.isOfEvent, values[at].isEmpty { return nil }
        guard !term.text.isEmpty, term.text.count <= room.count else { return nil }
        room.copyMemory(from: term.text)
        return term.text.count
    }

    /// Writes the first time that can be read, as RFC 3339.
    func writeTime(to room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let start = room.bindMemory(to: UInt8.self).baseAddress else { return nil }
        for at in terms.indices where terms[at].role == .time {
            guard let count = write(at, to: scratch) else { continue }
            let text = UnsafeRawBufferPointer(rebasing: scratch[..<count])
            guard let time = TimeText.parse(text, terms[at].unit) else { continue }
            Timestamp.write(time, to: start)
            return Timestamp.byteCount
        }
        return nil
    }

    /// A text in memory of a fixed size.
    struct Text {
        private let room: UnsafeMutableRawBufferPointer
        private var end: Int? = 0

        init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

        /// The bytes of the text; nil if it had no room.
        var count: Int? { end }

        mutating func append(_ bytes: some Collection<UInt8>) {
            guard let at = end, bytes.count <= room.count - at else {
                end = nil
                return
            }
            UnsafeMutableRawBufferPointer(rebasing: room[at...]).copyBytes(from: bytes)
            end = at + bytes.count
        }

        /// Appends a length and a colon, without a text of its own.
        mutating func append(length: Int) {
            var digits = 1
            while length / digits >= 10 { digits *= 10 }
            while digits > 0 {
                append(CollectionOfOne(UInt8(truncatingIfNeeded: 48 + length / digits % 10)))
                digits /= 10
            }
            append(CollectionOfOne(UInt8(ascii: ":")))
        }
    }
}
