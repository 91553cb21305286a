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
    private var texts = TermTexts()

    deinit {
        memory.deallocate()
    }

    /// Sets the name and the time of an event as they are found; returns the identity.
    mutating func resolve(_ event: PlacedEvent, _ view: inout EventView) -> ProfiledIdentity? {
        guard view.rejection == nil else { return nil }
        find(event.places, in: view.bytes)
        let start = event.slot * Self.slotBytes
        let room = UnsafeMutableRawBufferPointer(rebasing: memory[start..<(start + Self.slotBytes)])
        let nameStart = Self.textBytesMax
        let timeStart = 2 * Self.textBytesMax
        if let name = texts.write(.name, to: Self.part(room, nameStart..<timeStart)) {
            let name = Self.text(room, at: nameStart, bytes: name.count)
            if !name.elementsEqual(view.name) { (view.name, view.isEventName) = (name, false) }
        }
        if let count = texts.writeTime(to: Self.part(room, timeStart..<Self.slotBytes)) {
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
        texts.removeAll()
        var places = places
        var hasPath = false
        while let term = places.next() {
            var placed = PlacedTerm(role: term.role, isOfEvent: term.isPath)
            if term.isPath { placed.path = term.text } else { placed.text = term.text }
            hasPath = hasPath || term.isPath
            texts.add(placed)
        }
        guard hasPath else { return }
        var members = TopLevelMembers(event)
        while let member = members.next() {
            for at in texts.terms.indices
            where texts.terms[at].isOfEvent && texts.values[at].isEmpty {
                let path = texts.terms[at].path
                let nameEnd = path.firstIndex(of: 0) ?? path.count
                guard path[..<nameEnd].elementsEqual(member.key) else { continue }
                texts.values[at] = Self.value(path.dropFirst(nameEnd + 1), in: member.value)
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

    /// Writes the identity; nil if its first part is missing.
    private func writeIdentity(
        of event: PlacedEvent,
        to room: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard let written = texts.write(.identity, to: room) else { return nil }
        if written.isOfEvent || event.index == 0 { return written.count }
        // What only the request has is the same for all of its events.
        let number = Array("#\(event.index)".utf8)
        guard number.count <= room.count - written.count else { return nil }
        UnsafeMutableRawBufferPointer(rebasing: room[written.count...]).copyBytes(from: number)
        return written.count + number.count
    }
}
