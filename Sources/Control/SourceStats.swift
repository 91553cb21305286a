/// The intake of one source; `bytes` are payload bytes as received.
package struct SourceStats: Codable, Sendable, Equatable {
    /// Nil for a source that is no longer configured.
    package var state: ServiceState?
    /// Of all runs, as far as files prove earlier ones.
    package var ledger: Ledger
    /// Of this run, as are all properties below.
    package var thisRun: Ledger?
    package var messages = 0
    package var bytes = 0
    /// Connected producers.
    package var peers = 0
    /// Messages with invalid frames, of which nothing was stored.
    package var rejected = 0
    package var connections = ConnectionStats()

    package init(state: ServiceState? = nil, ledger: Ledger, thisRun: Ledger? = nil) {
        self.state = state
        self.ledger = ledger
        self.thisRun = thisRun
    }
}

extension SourceStats {
    /// The figures of one source, beside its ledger and its connections.
    package static let figures: [Figure<SourceStats>] = [
        Figure(
            "messages",
            \.messages,
            metric: "touchpoint_messages_total",
            help: "Messages received.",
            column: "messages"
        ),
        Figure(
            "bytes",
            \.bytes,
            metric: "touchpoint_payload_bytes_total",
            help: "Payload bytes received.",
            column: "bytes"
        ),
        Figure(
            "peers",
            \.peers,
            metric: "touchpoint_peers",
            help: "Connected peers.",
            column: "peers"
        ),
        Figure(
            "rejected",
            \.rejected,
            metric: "touchpoint_messages_rejected_total",
            help: "Messages whose frames made no sense, or too large for a ring: nothing was kept."
        ),
    ]
}
