/// Whose ids they are: those of a source, or of one of its producers that have keys.
///
/// The same id of two scopes belongs to two events.
package struct IdentityScope {
    /// Its number in the window of ids.
    package let number: Int
    /// The source's number.
    package let source: Int
    /// The producer's name in UTF-8, at most 65,535 bytes; empty for the source's own.
    ///
    /// Valid as long as the scope is used.
    package let producer: UnsafeRawBufferPointer

    package init(
        number: Int,
        source: Int,
        producer: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        self.number = number
        self.source = source
        self.producer = producer
    }

    /// The scope of a source's own ids.
    package init(source: Int) {
        self.init(number: source, source: source)
    }
}
