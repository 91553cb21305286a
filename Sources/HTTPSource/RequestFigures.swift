package import Intake
import NIOHTTP1
package import Synchronization

/// What an HTTP source counts of its requests since the start of this run.
///
/// Any thread may call.
package final class RequestFigures: Sendable {
    /// What a request was for, as a label of metrics.
    struct Label: Equatable {
        fileprivate let place: Int

        static let webhook = Label(place: profiles.count)
        static let redirect = Label(place: profiles.count + 1)
        /// Everything else: preflights, health, settings, unknown paths, and what is no HTTP.
        static let other = Label(place: profiles.count + 2)

        private static let profiles = HTTPConfiguration.Profile.allCases

        init(_ profile: HTTPConfiguration.Profile) {
            place = Self.profiles.firstIndex(of: profile) ?? Self.other.place
        }

        private init(place: Int) {
            self.place = place
        }
    }

    /// The labels, in the order of ``Values/requests``.
    package static let labels =
        HTTPConfiguration.Profile.allCases.map(\.rawValue) + ["webhook", "redirect", "other"]
    /// The codes, in the order of ``Values/requests``; others count as the last.
    package static let codes: [Int] = [
        200, 204, 302, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 503, 500,
    ]

    package struct Values: Sendable {
        /// Answers, by label and then by code.
        package fileprivate(set) var requests = Array(
            repeating: Array(repeating: 0, count: codes.count),
            count: labels.count
        )
        /// From the last byte of a request with events to its answer.
        package fileprivate(set) var answers = DurationCounts()
    }

    /// Bytes of bodies that are not in a ring.
    package let bufferedBytes = Atomic<Int>(0)
    private let values = Mutex(Values())

    package init() {}

    package var current: Values { values.withLock { $0 } }

    /// Counts an answer.
    ///
    /// `nanoseconds`: since the last byte of a request with events; nil for another.
    func count(_ label: Label, _ status: HTTPResponseStatus, after nanoseconds: Int64?) {
        let code = Int(status.code)
        let at = Self.codes.firstIndex(of: code) ?? Self.codes.count - 1
        values.withLock { values in
            values.requests[label.place][at] += 1
            if let nanoseconds { values.answers.add(microseconds: Int(nanoseconds / 1_000)) }
        }
    }
}
