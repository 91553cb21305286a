import Events
import Intake
import Plan
import Platform

/// What the events of a burst are known by, where their source says where they have it.
///
/// One thread, the writer's; an event allocates nothing.
final class FieldWork {
    private static let textBytesMax = TermTexts.textBytesMax
    /// An identity, a name, a channel, a time.
    private static let slotBytes = 3 * textBytesMax + Timestamp.byteCount

    /// The lengths of what was found of an event; 0 for nothing.
    private struct Found {
        var (identity, name, channel, time) = (0, 0, 0, 0)
    }

    /// By source; nil where it says nothing.
    private let sources: [SourceFields?]
    @exclusivity(unchecked) private var current: SourceFields?
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: EventBurst.eventsMax * slotBytes,
        alignment: 8
    )
    private let found: UnsafeMutablePointer<Found>

    /// Nil if no source says anything.
    init?(_ wants: [EventWants.Source?]) {
        guard wants.contains(where: { $0?.fields != nil }) else { return nil }
        sources = wants.map { wanted in
            wanted.flatMap { wanted in
                wanted.fields.map { SourceFields($0, slots: wanted.fieldSlots) }
            }
        }
        found = .allocate(capacity: EventBurst.eventsMax)
        found.initialize(repeating: Found(), count: EventBurst.eventsMax)
    }

    deinit {
        memory.deallocate()
        found.deallocate()
    }

    /// Begins events of a source.
    func begin(source: Int) { current = sources[source] }

    // MARK: - Reading

    /// Takes what the walk over an event found.
    func take(_ event: WalkedEvent, _ walk: borrowing PlanWalk) {
        found[event.place] = Found()
        guard let current else { return }
        current.texts.forgetValues()
        if event.isWalked { current.takeValues(event, walk) }
        let place = event.place
        if let text = current.texts.write(.identity, to: room(0, of: place)) {
            found[place].identity = text.isOfEvent ? text.count : 0
        }
        found[place].name = current.texts.write(.name, to: room(1, of: place))?.count ?? 0
        found[place].channel = current.texts.write(.channel, to: room(2, of: place))?.count ?? 0
        found[place].time = current.texts.writeTime(to: room(3, of: place)) ?? 0
    }

    /// The name of an event of the burst; empty if its source does not say where it is, or it is not there.
    func name(at place: Int) -> UnsafeRawBufferPointer { text(1, found[place].name, of: place) }

    private func room(_ part: Int, of place: Int) -> UnsafeMutableRawBufferPointer {
        let start = place * Self.slotBytes + part * Self.textBytesMax
        let end = min(start + Self.textBytesMax, (place + 1) * Self.slotBytes)
        return UnsafeMutableRawBufferPointer(rebasing: memory[start..<end])
    }

    // MARK: - Filing

    /// Makes the events of the burst be known by what was found, except those of requests that say
    /// themselves where they have it.
    func apply(to burst: inout EventBurst) {
        guard let current else { return }
        for place in 0..<burst.count
        where burst.views[place].rejection == nil && !burst.hasPlaces(place) {
            apply(to: &burst, at: place, isIDEnough: current.isIDEnough)
        }
    }

    private func apply(to burst: inout EventBurst, at place: Int, isIDEnough: Bool) {
        let found = found[place]
        let name = text(1, found.name, of: place)
        if !name.isEmpty, !name.elementsEqual(burst.views[place].name) {
            (burst.views[place].name, burst.views[place].isEventName) = (name, false)
        }
        if found.channel > 0 { burst.views[place].channel = text(2, found.channel, of: place) }
        if found.time > 0 { burst.views[place].time = text(3, found.time, of: place) }
        guard found.identity > 0 else { return }
        let identity = text(0, found.identity, of: place)
        if burst.views[place].isMessageID, identity.elementsEqual(burst.views[place].id) { return }
        (burst.views[place].id, burst.views[place].isMessageID) = (identity, false)
        if !isIDEnough, burst.views[place].sentAtMember.isEmpty {
            burst.views[place].sentAtMember = RenewedMember.find(in: burst.views[place].bytes)
        }
        burst.identify(ProfiledIdentity(text: identity, isEnough: isIDEnough), at: place)
    }

    private func text(_ part: Int, _ count: Int, of place: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: room(part, of: place)[..<count])
    }
}
