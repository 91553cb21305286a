package import Storage

extension FilingStage {
    /// Whether anything has arrived since ``takeArrived(_:)``.
    package var hasArrived: Bool { filer.hasArrived }

    /// Returns the arrivals of each producer with any, and resets them.
    package mutating func takeArrived(_ body: (_ producer: Int, _ count: Int) -> Void) {
        filer.takeArrived(body)
    }

    /// Returns the number of events of each channel with events, and resets them.
    package func takeChannels(_ body: (_ channel: String, _ count: Int) -> Void) {
        filer.takeChannels { body(routing.partitions.channelName($0), $1) }
    }

    /// How late the events of the newest day came; nil unless their own times decide.
    package var lateness: Lateness? { routing.partitions.lateness }

    /// The limits of a call that takes messages from a ring.
    package struct Turn {
        /// Messages.
        package var messages: Int
        /// Bytes of the messages, with their records' headers.
        package var bytes: Int
        /// The number of the ring's place, to which answers to its messages go back.
        let place: Int
        /// How many messages were taken.
        package internal(set) var taken = 0

        package init(place: Int = 0, messages: Int, bytes: Int) {
            self.place = place
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
