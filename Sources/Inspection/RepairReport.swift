/// The result of repairing one damaged file.
package struct RepairReport: Codable, Sendable, Equatable {
    package enum Outcome: String, Codable, Sendable {
        /// It is not damaged.
        case whole
        /// Every event of it was saved.
        case saved
        /// Some events were saved.
        case partial
        /// No event was saved, so nothing was written.
        case nothing
        /// It was repaired before; only when a whole folder is repaired.
        case before
    }

    /// A stretch of the file that could not be saved.
    package struct Damage: Codable, Sendable, Equatable {
        /// Bytes of the file, compressed: the start of the stretch, and where reading continued;
        /// nil if it did not.
        package var start: Int
        package var end: Int?
        /// Events in it that could be read, but not trusted.
        package var doubtfulEvents: Int
        package var reason: String
    }

    /// Numbers of a source and run that are no longer in any file.
    package struct Gone: Codable, Sendable, Equatable {
        package var source: String
        package var run: String
        package var count: UInt64
        /// The first ``rangesMax`` stretches of them.
        package var ranges: [VerifyReport.Gap.Range]
        /// Higher numbers may be gone as well: without a manifest line the last one is unknown.
        package var isOpenEnded: Bool
    }

    package static let rangesMax = 1000

    package var path: String
    package var outcome = Outcome.whole
    /// The written file, unless it was a dry run, and its later name for readers.
    package var repaired: String?
    package var visible: String?
    /// Where to move the damaged file first, so that nothing counts twice; nil if it is hidden.
    package var aside: String?
    package var eventsSaved = 0
    package var rawBytesSaved: UInt64 = 0
    /// Events left out because the sealed file beside it has them.
    package var eventsElsewhere = 0
    /// Events that could be read, but not trusted; left out unless requested.
    package var eventsDoubtful = 0
    /// Lines that are not events, in a file whose own check values match.
    package var linesForeign = 0
    /// By the manifest line: events of the file, and how many of them are not saved.
    package var eventsExpected: Int?
    package var eventsLost: Int?
    /// Whether check values prove every saved event.
    package var isProven = true
    package var damages: [Damage] = []
    package var gone: [Gone] = []
    /// Whether `gone` has as many numbers as events are lost; otherwise some of them were never
    /// written, or it is unknown.
    package var isGoneExact = false

    package init(path: String) {
        self.path = path
    }

    /// 0: nothing is lost; 65: some events are.
    package var exitCode: Int32 {
        outcome == .whole || outcome == .saved || outcome == .before ? 0 : 65
    }
}
