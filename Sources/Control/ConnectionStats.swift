/// What became of a source's connections in this run.
package struct ConnectionStats: Codable, Sendable, Equatable {
    package var connects = 0
    package var disconnects = 0
    /// Ended before their handshake was done: another pattern, another protocol.
    package var failedHandshakes = 0
    /// Beyond `limits.connections`.
    package var refused = 0
    /// Ended for a frame above `limits.message`, or for bytes that are no ZMTP.
    package var violations = 0
    /// Cut off since they sent what never became a message.
    package var overBudget = 0
    /// Ended since nothing came from the peer any more.
    package var timedOut = 0
    /// Cut off to connect anew, since their routing id had become free.
    package var released = 0
    /// Now: connections that sent a message which does not arrive.
    package var muted = 0
    /// Requests of connections that ended while intake was held, dropped for want of room.
    package var abandoned = 0

    package init() {}
}
