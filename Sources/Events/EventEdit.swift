/// A change to an event's text: a stretch that is left out, or replaced.
package struct EventEdit {
    /// Bytes of ``EventView/bytes``, behind the opening brace.
    package var range: Range<Int>
    /// What is written instead; nothing when empty.
    ///
    /// Without line breaks, and valid until the event was written.
    package var replacement: UnsafeRawBufferPointer

    package init(
        _ range: Range<Int>,
        replacement: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        self.range = range
        self.replacement = replacement
    }

    /// Traps unless the edits are in the order of the text, apart, and inside the event's braces.
    package static func check(_ edits: [EventEdit], in event: UnsafeRawBufferPointer) {
        var end = 1
        for edit in edits {
            precondition(
                edit.range.lowerBound >= end && edit.range.upperBound < event.count,
                "an edit out of order, or beyond its event"
            )
            end = edit.range.upperBound
        }
    }

    /// Bytes that edits can add to a line.
    package static func bytesAdded(_ edits: [EventEdit]) -> Int {
        edits.reduce(0) { $0 + $1.replacement.count }
    }
}
