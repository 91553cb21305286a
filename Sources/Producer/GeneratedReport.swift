/// The result of ``GeneratedCheck``, in total and for each producer of each run.
package struct GeneratedReport: Codable, Equatable, Sendable {
    /// The figures of one producer, or of all.
    package struct Counts: Codable, Equatable, Sendable {
        /// Events that should have arrived.
        package var expected = 0
        /// Distinct events that arrived.
        package var seen = 0
        /// Events that should have arrived and did not.
        package var lost = 0
        /// Further copies of events that arrived.
        package var duplicates = 0
        /// Events that follow a later one of the same producer in the same file.
        package var orderViolations = 0
        /// Events whose content differs from what was generated.
        package var checksumErrors = 0
    }

    /// One producer of one run.
    package struct Producer: Codable, Equatable, Sendable {
        /// 16 hex digits.
        package let run: String
        /// From 0.
        package let producer: Int
        package let counts: Counts
    }

    /// Sorted by run, then by producer.
    package let producers: [Producer]
    /// The sums.
    package let totals: Counts
    /// Lines without a generated part: other events.
    package let otherEvents: Int
    /// Lines whose generated part cannot be read.
    package let damaged: Int

    init(producers: [Producer], otherEvents: Int, damaged: Int) {
        self.producers = producers
        self.otherEvents = otherEvents
        self.damaged = damaged
        totals = producers.map(\.counts).reduce(into: Counts()) { sum, counts in
            sum.expected += counts.expected
            sum.seen += counts.seen
            sum.lost += counts.lost
            sum.duplicates += counts.duplicates
            sum.orderViolations += counts.orderViolations
            sum.checksumErrors += counts.checksumErrors
        }
    }

    /// Whether every event arrived exactly once and intact.
    ///
    /// Order does not matter here: events resent after a crash follow later ones.
    package var isWhole: Bool {
        damaged == 0
            && totals.lost == 0 && totals.duplicates == 0 && totals.checksumErrors == 0
    }

    /// Whether the events of each producer are in the order of sending, file by file.
    package var isInOrder: Bool { totals.orderViolations == 0 }
}
