import Events
import Intake
import Platform

/// The text by which copies of an event are recognised, where that is not its `messageId`.
struct ProfiledIdentity {
    /// Valid until the burst was filed.
    var text: UnsafeRawBufferPointer
    /// Whether a copy may have other content.
    var isEnough: Bool
}

/// An event for which a request says where to look.
struct PlacedEvent {
    var places: EventPlaces
    /// Its place in the burst.
    var slot: Int
    /// Its place in the message.
    var index: Int
}

/// Finds the identity, the name and the time of events where their requests say.
///
/// One thread, the writer's.
struct ProfileWork: ~Copyable {
    private static let textBytesMax = EventPlaces.textBytesMax
    /// An identity, a name, a time.
    private static let slotBytes = 2 * textBytesMax + Timestamp.byteCount

    /// The number of events of the message in earlier bursts.
    var eventIndex = 0
    /// For each place of a burst the texts of its event.
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: EventBurst.eventsMax * slotBytes,
        alignment: 8
    )
    private let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: textBytesMax,
        alignment: 8
    )
    private var terms: [EventPlaces.Term] = []
    /// By term, the value that it leads to.
    private var values: [UnsafeRawBufferPointer] = []

    deinit {
        memory.deallocate()
        scratch.deallocate()
    }

    /// Sets the name and the time of an event as they are found; returns the identity.
    mutating func resolve(_ event: PlacedEvent, _ view: inout EventView) -> ProfiledIdentity? {
        guard view.rejection == nil else { return nil }
        find(event.places, in: view.bytes)
        let start = event.slot * Self.slotBytes
        let room = UnsafeMutableRawBufferPointer(rebasing: memory[start..<(start + Self.slotBytes)])
        let nameStart = Self.textBytesMax
        let timeStart = 2 * Self.textBytesMax
        if let count = writeName(to: Self.part(room, nameStart..<timeStart)) {
            let name = Self.text(room, at: nameStart, bytes: count)
            if !name.elementsEqual(view.name) { (view.name, view.isEventName) = (name, false) }
        }
        if let count = writeTime(to: Self.part(room, timeStart..<Self.slotBytes)) {
            view.time = Self.text(room, at: timeStart, bytes: count)
        }
        guard !view.isMessageID || event.places.flags.contains(.comesFirst),
            let count = writeIdentity(of: event, to: Self.part(room, 0..<nameStart))
        else { return nil }
        let isEnough = event.places.flags.contains(.identityIsEnough)
        if !isEnough, view.sentAtMember.isEmpty {
            view.sentAtMember = RenewedMember.find(in: view.bytes)
        }
        return ProfiledIdentity(text: Self.text(room, at: 0, bytes: count), isEnough: isEnough)
    }

    private static func part(
        _ room: UnsafeMutableRawBufferPointer,
        _ range: Range<Int>
    ) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: room[range])
    }

    private static func text(
        _ room: UnsafeMutableRawBufferPointer,
        at start: Int,
        bytes count: Int
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: room[start..<(start + count)])
    }

    // MARK: - Values

    /// Finds the values of all terms in one walk over the event.
    private mutating func find(_ places: EventPlaces, in event: UnsafeRawBufferPointer) {
        terms.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        var places = places
        while let term = places.next() {
            terms.append(term)
            values.append(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        guard terms.contains(where: \.isPath) else { return }
        var members = TopLevelMembers(event)
        while let member = members.next() {
            for at in terms.indices where terms[at].isPath && values[at].isEmpty {
                let path = terms[at].text
                let nameEnd = path.firstIndex(of: 0) ?? path.count
                guard path[..<nameEnd].elementsEqual(member.key) else { continue }
                values[at] = Self.value(path.dropFirst(nameEnd + 1), in: member.value)
            }
        }
    }

    /// Follows the rest of a path; empty if it leads nowhere.
    private static func value(
        _ path: Slice<UnsafeRawBufferPointer>,
        in value: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        guard !path.isEmpty else { return value }
        let nameEnd = path.firstIndex(of: 0) ?? path.endIndex
        var members = TopLevelMembers(value)
        while let member = members.next() {
            guard path[..<nameEnd].elementsEqual(member.key) else { continue }
            return Self.value(path[nameEnd...].dropFirst(), in: member.value)
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Writes the text of a term; nil if it has none, or one that is empty or too long.
    private func write(_ at: Int, to room: UnsafeMutableRawBufferPointer) -> Int? {
        if terms[at].isPath {
            guard let count = JSONScalar.write(values[at], to: room), count > 0 else { return nil }
            return count
        }
        guard !terms[at].text.isEmpty, terms[at].text.count <= room.count else { return nil }
        room.copyMemory(from: terms[at].text)
        return terms[at].text.count
    }

    // MARK: - Identity, name, time

    /// Writes the identity; nil if its first part is missing.
    ///
    /// A single part is the identity itself. Of several each has its length before it, so two lists
    /// of parts are never one identity.
    private func writeIdentity(
        of event: PlacedEvent,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let parts = terms.indices.filter { terms[$0].role == .identityPart }
        guard let first = parts.first, let text = writePart(first, to: scratch) else { return nil }
        var identity = Text(room)
        var isOfEvent = text.isOfEvent
        if parts.count == 1 {
            identity.append(scratch[..<text.count])
        } else {
            identity.append(length: text.count)
            identity.append(scratch[..<text.count])
            for part in parts.dropFirst() {
                let text = writePart(part, to: scratch)
                isOfEvent = isOfEvent || text?.isOfEvent ?? false
                identity.append(length: text?.count ?? 0)
                identity.append(scratch[..<(text?.count ?? 0)])
            }
        }
        // What only the request has is the same for all of its events.
        if !isOfEvent, event.index > 0 { identity.append("#\(event.index)".utf8) }
        return identity.count
    }

    /// Writes the first text of a part, and tells whether it is in the event.
    private func writePart(
        _ part: Int,
        to room: UnsafeMutableRawBufferPointer
    ) -> (count: Int, isOfEvent: Bool)? {
        for at in terms.indices[(part + 1)...] {
            guard terms[at].role == .identity else { return nil }
            if let count = write(at, to: room) { return (count, terms[at].isPath) }
        }
        return nil
    }

    private func writeName(to room: UnsafeMutableRawBufferPointer) -> Int? {
        for at in terms.indices where terms[at].role == .name {
            guard let count = write(at, to: scratch) else { continue }
            var name = Text(room)
            for prefix in terms where prefix.role == .namePrefix { name.append(prefix.text) }
            name.append(scratch[..<count])
            return name.count
        }
        return nil
    }

    /// Writes the first time that can be read, as RFC 3339.
    private func writeTime(to room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let start = room.bindMemory(to: UInt8.self).baseAddress else { return nil }
        for at in terms.indices where terms[at].role == .time {
            guard let count = write(at, to: scratch) else { continue }
            let text = UnsafeRawBufferPointer(rebasing: scratch[..<count])
            guard let time = Timestamp.parse(text) ?? UnixTime.parse(text) else { continue }
            Timestamp.write(time, to: start)
            return Timestamp.byteCount
        }
        return nil
    }

    /// A text in memory of a fixed size.
    private struct Text {
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

        mutating func append(length: Int) { append("\(length):".utf8) }
    }
}

/// Times as numbers since 1970 UTC.
enum UnixTime {
    /// Larger numbers are milliseconds: as seconds they would be after the year 5000.
    private static let secondsMax: Int64 = 100_000_000_000
    private static let digitsMax = 15

    /// Microseconds since 1970 of a number of seconds or milliseconds, perhaps with a fraction; nil
    /// for any other text, and after the year 9999.
    static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        guard (1...digitsMax).contains(point), let whole = number(text[..<point]) else {
            return nil
        }
        let isSeconds = whole < secondsMax
        let places = isSeconds ? 6 : 3
        let digits = text[point...].dropFirst()
        guard number(digits.prefix(digitsMax)) != nil || digits.isEmpty else { return nil }
        var fraction = number(digits.prefix(places)) ?? 0
        for _ in digits.prefix(places).count..<places { fraction *= 10 }
        let micros = whole * (isSeconds ? 1_000_000 : 1_000) + fraction
        return micros <= last ? micros : nil
    }

    /// 9999-12-31T23:59:59.999999Z.
    private static let last: Int64 = 253_402_300_799_999_999

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }
}
