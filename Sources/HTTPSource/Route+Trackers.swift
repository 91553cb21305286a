import Intake
import NIOHTTP1

/// The paths of trackers that speak protocols of their own.
extension Route {
    static func tracker(
        _ path: Substring,
        _ method: HTTPMethod,
        in profiles: Set<HTTPConfiguration.Profile>
    ) -> Route? {
        if profiles.contains(.snowplow), let route = snowplow(path, method) { return route }
        return profiles.contains(.posthog) ? postHog(path, method) : nil
    }

    /// Whether a path is one of Snowplow's trackers, perhaps with a name that is not known here.
    static func isOfSnowplow(_ path: Substring, _ configuration: HTTPConfiguration) -> Bool {
        configuration.profiles.contains(.snowplow) && path.hasPrefix(configuration.prefix)
            && (path.hasSuffix("/tp2") || path.dropFirst(configuration.prefix.count) == "/i")
    }

    private static func snowplow(_ path: Substring, _ method: HTTPMethod) -> Route? {
        switch path {
        case "/i" where method == .GET: .query(Taking(profile: .snowplow, form: .snowplow))
        case "/i": .wrongMethod(allowed: "GET")
        case "/com.snowplowanalytics.snowplow/tp2" where method == .POST:
            .events(Taking(profile: .snowplow, form: .snowplow, isEnvelope: true))
        case "/com.snowplowanalytics.snowplow/tp2": .wrongMethod(allowed: "POST, OPTIONS")
        default: nil
        }
    }

    private static func postHog(_ path: Substring, _ method: HTTPMethod) -> Route? {
        let name = path.hasSuffix("/") ? path.dropLast() : path
        guard ["/e", "/i/v0/e", "/capture", "/track", "/batch"].contains(name) else { return nil }
        let taking = Taking(profile: .posthog, form: .posthog)
        switch method {
        case .POST: return .events(taking)
        case .GET: return .query(taking)
        default: return .wrongMethod(allowed: "GET, POST, OPTIONS")
        }
    }
}

extension HTTPConfiguration.Profile {
    /// Whether clients may have their key in the body alone.
    var hasKeyInBody: Bool {
        switch self {
        case .segment, .events, .snowplow, .posthog: true
        case .cloudevents, .pixel: false
        }
    }
}
