package import Dedup

/// A commit of a writer, by its number.
package struct CommitPlace: Sendable, Equatable {
    package var writer: Int
    /// The number of the writer's commit, from 1.
    package var number: CommitNumber

    package init(writer: Int, number: CommitNumber) {
        self.writer = writer
        self.number = number
    }
}

/// An answer to a message with an event whose original another writer has.
///
/// It may be sent when its own commit and these are durable.
package struct DeferredAnswer: Sendable {
    /// As ``FilingStage/takeAnswers()`` returns them.
    package var bytes: [UInt8]
    package var needs: [CommitPlace]

    package init(bytes: [UInt8], needs: [CommitPlace]) {
        self.bytes = bytes
        self.needs = needs
    }
}
