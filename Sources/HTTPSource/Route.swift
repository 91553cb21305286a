import Intake
import NIOHTTP1

/// What a path and a method ask for.
enum Route: Equatable {
    /// The kind of payload that a path takes.
    struct Taking: Equatable {
        var profile: HTTPConfiguration.Profile
        var form = RequestNote.Form.any
        /// Whether its events are in the member `data` of an object.
        var isEnvelope = false
    }

    case health
    case ready
    case robots
    /// Takes a body with events.
    case events(Taking)
    /// A query that is an event.
    case query(Taking)
    /// An image whose query is an event.
    case pixel(RequestNote.Form)
    /// Takes figures of SDKs, and forgets them.
    case telemetry
    /// What an SDK has to know before it sends; `key` is in the path.
    case settings(key: String)
    /// There is such a path, with other methods.
    case wrongMethod(allowed: String)
    case unknown

    /// `path`: without the query.
    init(_ method: HTTPMethod, _ path: Substring, of configuration: HTTPConfiguration) {
        switch path {
        case "/health": self = Self.reading(method, .health)
        case "/ready": self = Self.reading(method, .ready)
        case "/robots.txt": self = Self.reading(method, .robots)
        default:
            guard path.hasPrefix(configuration.prefix) else {
                self = .unknown
                return
            }
            let rest = path.dropFirst(configuration.prefix.count)
            self = Self.below(rest, method, in: configuration.profiles)
        }
    }

    private static func below(
        _ path: Substring,
        _ method: HTTPMethod,
        in profiles: Set<HTTPConfiguration.Profile>
    ) -> Route {
        switch path {
        case "/v1/events" where profiles.contains(.events):
            taking(method, .events(Taking(profile: .events)))
        case "/cloudevents" where profiles.contains(.cloudevents):
            taking(method, .events(Taking(profile: .cloudevents)))
        default:
            if let route = tracker(path, method, in: profiles) {
                route
            } else if profiles.contains(.pixel), let form = pixelForm(path) {
                reading(method, .pixel(form))
            } else {
                profiles.contains(.segment) ? segment(path, method) : .unknown
            }
        }
    }

    private static func pixelForm(_ path: Substring) -> RequestNote.Form? {
        switch path {
        case "/pixel.gif": .any
        case "/v1/pixel/track", "/pixel/v1/track": .track
        case "/v1/pixel/page", "/pixel/v1/page": .page
        case "/v1/pixel/identify": .identify
        case "/v1/pixel/screen": .screen
        case "/v1/pixel/group": .group
        case "/v1/pixel/alias": .alias
        default: nil
        }
    }

    private static func segment(_ path: Substring, _ method: HTTPMethod) -> Route {
        if path == "/v1/m" || path == "/rsaMetrics" { return taking(method, .telemetry) }
        if let form = segmentForm(path) {
            return taking(method, .events(Taking(profile: .segment, form: form)))
        }
        for (before, after) in [("/v1/projects/", "/settings"), ("/projects/", "/settings")]
        where path.hasPrefix(before) && path.hasSuffix(after) {
            let key = path.dropFirst(before.count).dropLast(after.count)
            guard !key.isEmpty, !key.contains("/") else { return .unknown }
            return reading(method, .settings(key: Query.decoded(key)))
        }
        return .unknown
    }

    private static func segmentForm(_ path: Substring) -> RequestNote.Form? {
        switch path {
        case "/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch": .batch
        case "/v1/track", "/v1/t": .track
        case "/v1/identify", "/v1/i": .identify
        case "/v1/page", "/v1/p": .page
        case "/v1/screen", "/v1/s": .screen
        case "/v1/group", "/v1/g": .group
        case "/v1/alias", "/v1/a": .alias
        default: nil
        }
    }

    private static func reading(_ method: HTTPMethod, _ route: Route) -> Route {
        method == .GET || method == .HEAD ? route : .wrongMethod(allowed: "GET, HEAD")
    }

    private static func taking(_ method: HTTPMethod, _ route: Route) -> Route {
        method == .POST ? route : .wrongMethod(allowed: "POST, OPTIONS")
    }
}
