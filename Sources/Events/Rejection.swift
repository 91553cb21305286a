/// The reason why a piece is rejected; the raw value is the code in quarantine, answers and
/// metrics.
package enum Rejection: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidUTF8 = "invalid_utf8"
    case notAnObject = "not_an_object"
    case tooLarge = "too_large"
    case tooDeep = "too_deep"
    case tooManyEvents = "too_many_events"
    case reservedKey = "reserved_key"
    case inflateFailed = "inflate_failed"
    case unknownKey = "unknown_key"
    case planViolation = "plan_violation"
    case unplannedEvent = "unplanned_event"

    /// The position in ``allCases``, for tables of counters.
    package var index: Int {
        switch self {
        case .invalidJSON: 0
        case .invalidUTF8: 1
        case .notAnObject: 2
        case .tooLarge: 3
        case .tooDeep: 4
        case .tooManyEvents: 5
        case .reservedKey: 6
        case .inflateFailed: 7
        case .unknownKey: 8
        case .planViolation: 9
        case .unplannedEvent: 10
        }
    }

    /// The reason as a clause for people, without the place.
    package var explanation: String {
        switch self {
        case .invalidJSON: "not valid JSON (RFC 8259)"
        case .invalidUTF8: "not valid UTF-8"
        case .notAnObject: "valid JSON, but an event must be an object"
        case .tooLarge: "larger than the configured limit"
        case .tooDeep: "nested deeper than limits.depth"
        case .tooManyEvents: "more events in one message than limits.eventsPerMessage"
        case .reservedKey: "the key _touchpoint is reserved for the collector's metadata"
        case .inflateFailed: "gzip data that does not inflate"
        case .unknownKey: "sent with a write key that is not known here"
        case .planViolation: "the event is not as the plan says"
        case .unplannedEvent: "the plan has no such event"
        }
    }
}
