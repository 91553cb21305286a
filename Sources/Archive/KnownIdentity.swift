package import Dedup

/// An id of an earlier event for the window; valid only during the visit.
package struct KnownIdentity {
    /// The number of its source.
    package var source: Int
    /// The name of its producer; empty if its source does not tell producers apart by keys.
    package var producer: String
    /// When its event was received, seconds since 1970 UTC.
    package var seconds: UInt32
    package var identity: PackedIdentity
    /// The hash of its event's content; 0 if unknown.
    package var content: UInt64

    package init(
        source: Int,
        producer: String = "",
        seconds: UInt32,
        identity: PackedIdentity,
        content: UInt64
    ) {
        self.source = source
        self.producer = producer
        self.seconds = seconds
        self.identity = identity
        self.content = content
    }
}
