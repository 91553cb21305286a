import Events
import Plan

/// An event that was just walked, for those who want something of it.
///
/// Its text stays in its place until the burst was filed.
struct WalkedEvent {
    /// The event's place in the burst.
    let place: Int
    /// The event as its line will have it: as it was sent, or a copy with the fields of its batch.
    let text: UnsafeRawBufferPointer
    /// Whether ``text`` is a copy, and not in the payload.
    var isCopy = false
    /// Where ``text`` begins in what was indexed.
    var start = 0
    /// Where its walk began.
    var root: CompiledPlan.Root
    /// Whether there was memory for the walk; else nothing of the event is known.
    var isWalked = true

    /// Whether the plan has an event of its name.
    var isPlanned: Bool { root.isPlanned }

    /// Where a value is in ``text``.
    @inline(__always)
    func range(of capture: Capture) -> Range<Int> {
        (capture.range.lowerBound - start)..<(capture.range.upperBound - start)
    }

    /// The JSON of a value.
    @inline(__always)
    func value(of capture: Capture) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: text[range(of: capture)])
    }
}
