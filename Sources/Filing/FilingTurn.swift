extension FilingStage {
    /// The limits of a call that takes messages from a ring.
    package struct Turn {
        /// Messages.
        package var messages: Int
        /// Bytes of the messages, with their records' headers.
        package var bytes: Int
        /// How many messages were taken.
        package internal(set) var taken = 0

        package init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }
    }
}

/// Messages whose producers wait for an answer.
package struct AnswersWanted {
    package internal(set) var answers = 0
    /// Bytes of the messages.
    package internal(set) var bytes = 0
}
