import Events

/// The values that the events of a burst have at the paths in `partition.path`.
///
/// One thread, the writer's.
final class KeyValues {
    private let count: Int
    /// The slots of the current source's paths.
    @exclusivity(unchecked) private var slots: [UInt32] = []
    /// By place and path; empty where the event has no text there.
    private let values: UnsafeMutablePointer<UnsafeRawBufferPointer>

    init(count: Int) {
        self.count = count
        values = .allocate(capacity: EventBurst.eventsMax * count)
        values.initialize(
            repeating: UnsafeRawBufferPointer(start: nil, count: 0),
            count: EventBurst.eventsMax * count
        )
    }

    deinit { values.deallocate() }

    /// Begins events whose values are in these slots.
    func begin(_ slots: [UInt32]) { self.slots = slots }

    /// Takes the values of an event; of several the first that has a text counts.
    func take(
        _ event: WalkedEvent,
        _ walk: borrowing PlanWalk,
        unescapingInto texts: inout TextArena
    ) {
        let own = values + event.place * count
        for key in 0..<count { own[key] = UnsafeRawBufferPointer(start: nil, count: 0) }
        guard event.isWalked else { return }
        for at in 0..<walk.captureCount {
            let capture = walk.capture(at)
            for key in 0..<count where slots[key] == capture.slot && own[key].isEmpty {
                own[key] = ScalarText.read(capture, of: event, unescapingInto: &texts)
            }
        }
    }

    /// The values of an event of the burst, in the order of the paths.
    func values(at place: Int) -> UnsafeBufferPointer<UnsafeRawBufferPointer> {
        UnsafeBufferPointer(start: values + place * count, count: count)
    }
}

/// The text of a value that is no list and no object.
enum ScalarText {
    /// Returns the content of a string, and numbers and booleans as they are written; empty for others.
    static func read(
        _ capture: Capture,
        of event: WalkedEvent,
        unescapingInto texts: inout TextArena
    ) -> UnsafeRawBufferPointer {
        let value = event.value(of: capture)
        switch value[0] {
        case UInt8(ascii: "\""): break
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"):
            return UnsafeRawBufferPointer(start: nil, count: 0)
        default: return value
        }
        let content = UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
        guard content.contains(UInt8(ascii: "\\")) else { return content }
        let room = texts.take(content.count)
        guard let count = JSONScalar.write(value, to: room) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: room[..<count])
    }
}
