/// Counts of a source's connections in this run.
package struct ConnectionStats: Codable, Sendable, Equatable {
    package var connects = 0
    package var disconnects = 0
    /// Ended before their handshake was done: another pattern, another protocol.
    package var failedHandshakes = 0
    /// Beyond `limits.connections`.
    package var refused = 0
    /// Ended for a frame above `limits.message`, or for bytes that are no ZMTP.
    package var violations = 0
    /// Cut because they sent too many bytes that did not become messages.
    package var overBudget = 0
    /// Ended because nothing arrived from the peer any more.
    package var timedOut = 0
    /// Cut so that they reconnect, because their routing id had become free.
    package var released = 0
    /// Now: connections that sent a message which does not arrive.
    package var muted = 0
    /// Requests of connections that ended while intake was stopped, dropped for want of space.
    package var abandoned = 0

    package init() {}
}

extension ConnectionStats {
    /// The figures of one source's connections.
    package static let figures: [Figure<ConnectionStats>] = [
        Figure(
            "connects",
            \.connects,
            metric: "touchpoint_source_connects_total",
            help: "Connections that began."
        ),
        Figure(
            "disconnects",
            \.disconnects,
            metric: "touchpoint_source_disconnects_total",
            help: "Connections that ended."
        ),
        Figure(
            "failedHandshakes",
            \.failedHandshakes,
            metric: "touchpoint_source_failed_handshakes_total",
            help: "Connections that came to nothing."
        ),
        Figure(
            "refused",
            \.refused,
            metric: "touchpoint_source_refused_connections_total",
            help: "Connections beyond limits.connections."
        ),
        Figure(
            "violations",
            \.violations,
            metric: "touchpoint_source_violations_total",
            help: "Connections ended for what they sent."
        ),
        Figure(
            "overBudget",
            \.overBudget,
            metric: "touchpoint_source_over_budget_total",
            help: "Connections that sent what is no message."
        ),
        Figure(
            "timedOut",
            \.timedOut,
            metric: "touchpoint_source_timed_out_total",
            help: "Connections whose peer had vanished."
        ),
        Figure(
            "released",
            \.released,
            metric: "touchpoint_source_released_total",
            help: "Connections cut off to connect anew."
        ),
        Figure(
            "abandoned",
            \.abandoned,
            metric: "touchpoint_source_abandoned_requests_total",
            help: "Requests dropped while intake was held."
        ),
        Figure(
            "muted",
            \.muted,
            metric: "touchpoint_source_muted_peers",
            help: "Peers whose message does not arrive."
        ),
    ]
}
