/// What became of one damaged file.
package struct RepairReport: Codable, Sendable, Equatable {
    package enum Outcome: String, Codable, Sendable {
        /// Nothing was wrong with it.
        case whole
        /// Every event of it was saved.
        case saved
        /// Some were.
        case partial
        /// None was, so nothing was written.
        case nothing
        /// It was repaired before; only when a whole folder is repaired.
        case before
    }

    /// A stretch of the file that was given up.
    package struct Damage: Codable, Sendable, Equatable {
        /// Bytes of the file, compressed: where the stretch begins, and where reading went on; nil
        /// when it did not.
        package var start: Int
        package var end: Int?
        /// Events in it that could be read, but not be believed.
        package var doubtfulEvents: Int
        package var reason: String
    }

    /// Numbers of a source and run that are in no file any more.
    package struct Gone: Codable, Sendable, Equatable {
        package var source: String
        package var run: String
        package var count: UInt64
        /// The first ``rangesMax`` stretches of them.
        package var ranges: [VerifyReport.Gap.Range]
        /// Numbers above may be gone as well: without a manifest line nobody knows the last.
        package var isOpenEnded: Bool
    }

    package static let rangesMax = 1000

    package var path: String
    package var outcome = Outcome.whole
    /// What was written, unless it was a dry run, and how it is called once readers see it.
    package var repaired: String?
    package var visible: String?
    /// Where to move the damaged file before, so that nothing is counted twice; nil when no reader
    /// sees it.
    package var aside: String?
    package var eventsSaved = 0
    package var rawBytesSaved: UInt64 = 0
    /// Events that were left out because the sealed file beside it has them.
    package var eventsElsewhere = 0
    /// Events that could be read, but not be believed; left out unless they were asked for.
    package var eventsDoubtful = 0
    /// Lines that are no events, in a file whose own check values are right.
    package var linesForeign = 0
    /// By the manifest line: events of the file, and how many of them are not saved.
    package var eventsExpected: Int?
    package var eventsLost: Int?
    /// Whether check values prove every event that was saved.
    package var isProven = true
    package var damages: [Damage] = []
    package var gone: [Gone] = []
    /// Whether `gone` has as many numbers as events are lost; otherwise some of them were never
    /// written, or nobody knows.
    package var isGoneExact = false

    package init(path: String) {
        self.path = path
    }

    /// 0: nothing is lost; 65: something is.
    package var exitCode: Int32 {
        outcome == .whole || outcome == .saved || outcome == .before ? 0 : 65
    }
}
