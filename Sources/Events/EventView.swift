/// One piece of a payload: an event with its recognised fields, or bytes that are rejected.
///
/// All buffers point into the payload or the reader's scratch; they are valid until the reader's
/// next call. An empty buffer means absent.
package struct EventView {
    /// The event's bytes as its producer wrote them, or the rejected bytes.
    package var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Nil for an event.
    package var rejection: Rejection?
    /// For a rejection: the offset in the payload where it begins.
    package var offset = 0
    /// For a rejection: the offset in the payload where the cause was seen.
    package var errorOffset = 0
    /// For a rejection: its cause.
    package var cause = RejectionCause(.unspecified)
    /// `channel`, else `context.channel`; unescaped.
    package var channel = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The first of `timestamp`, `originalTimestamp` and `time` that can be parsed, else the first
    /// present; as written.
    package var time = UnsafeRawBufferPointer(start: nil, count: 0)
    /// `messageId`, else `id`.
    package var id = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether ``id`` is the `messageId`, which its producer assigns to one event only.
    ///
    /// An `id` need not be unique: that of a CloudEvent is so only together with its `source`.
    package var isMessageID = false
    /// `event`, else `type`.
    package var name = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether ``name`` is the value of `event`.
    package var isEventName = false
    /// The event's own `sentAt`, key and value, in ``bytes``.
    package var sentAtMember = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Whether ``bytes`` contains line breaks; they are outside strings.
    package var hasLineBreaks = false
    /// Raw JSON that an event inherits from its batch because it lacks it.
    package var inheritedContext = UnsafeRawBufferPointer(start: nil, count: 0)
    package var inheritedSentAt = UnsafeRawBufferPointer(start: nil, count: 0)

    package init() {}
}
