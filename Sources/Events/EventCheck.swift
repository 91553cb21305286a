import CSimdJSON

/// Looks at each event as it is read, while the index over its text is there.
///
/// One thread, the reader's.
package protocol EventCheck: AnyObject {
    /// Called once per event.
    ///
    /// - `place`: its place among the views that are read together.
    /// - `start`: where it begins in the text that `reader` has indexed.
    func check(
        _ event: borrowing EventView,
        at place: Int,
        in reader: borrowing EventReader,
        start: Int
    )
}

extension PayloadReader {
    /// Does what ``next(_:)`` does, and shows each event to a check.
    ///
    /// Each event is shown before the next piece is read, since that may need another index.
    package mutating func next(
        _ views: UnsafeMutableBufferPointer<EventView>,
        showing check: some EventCheck
    ) -> Int {
        var count = 0
        repeat {
            guard next(&views[count]) else { break }
            if views[count].rejection == nil {
                check.check(
                    views[count],
                    at: count,
                    in: reader,
                    start: reader.found.object.start
                )
            }
            count += 1
        } while count < views.count && views[count - 1].rejection == nil && isPlainAhead()
        return count
    }
}

extension PlanViolation {
    /// The kind and the path as the content of a JSON string.
    package var escaped: String {
        String(decoding: JSONText.escaped(description), as: UTF8.self)
    }
}
