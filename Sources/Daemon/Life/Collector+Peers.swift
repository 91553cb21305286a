import Control
import Intake
import Logging
import Pipeline

/// What is told of peers: log lines, figures, metrics.
extension Collector {
    static func log(_ notice: PeerNotice, source: String, _ logger: Logger) {
        let metadata: Logger.Metadata = [
            "source": "\(source)", "peer": "\(notice.peer)", "why": "\(notice.detail)",
        ]
        let isGood = notice.kind == .released
        logger.log(level: isGood ? .notice : .warning, "\(text(notice.kind))", metadata: metadata)
    }

    private static func text(_ kind: PeerNotice.Kind) -> String {
        switch kind {
        case .handshakeFailed: "handshake failed"
        case .violation: "peer broke the protocol, its connection was closed"
        case .muted: "peer is not heard"
        case .released: "peer was not heard, and was cut off to connect anew"
        case .refused: "connection refused"
        case .overBudget: "peer sends what is no message, and was cut off"
        case .nameTooLong: "routing id refused, and its peer cut off"
        case .timedOut: "peer is gone, its connection was closed"
        case .unreachable: "source cannot connect"
        case .socketFileGone: "socket file is gone"
        }
    }

    /// Who sends what goes to quarantine.
    static func logRejection(source: String, peer: String, reason: String, _ logger: Logger) {
        logger.warning(
            "peer sends what cannot be accepted, kept in quarantine",
            metadata: ["source": "\(source)", "peer": "\(peer)", "reason": "\(reason)"]
        )
    }

    /// By source: what became of its connections.
    static func connectionMetrics(_ sources: [PipelineSnapshot.Source]) -> [Metric] {
        let counters: [(String, String, KeyPath<ConnectionStats, Int>)] = [
            ("connects", "Connections that began.", \.connects),
            ("disconnects", "Connections that ended.", \.disconnects),
            ("failed_handshakes", "Connections that came to nothing.", \.failedHandshakes),
            ("refused_connections", "Connections beyond limits.connections.", \.refused),
            ("violations", "Connections ended for what they sent.", \.violations),
            ("over_budget", "Connections that sent what is no message.", \.overBudget),
            ("timed_out", "Connections whose peer had vanished.", \.timedOut),
            ("released", "Connections cut off to connect anew.", \.released),
            ("abandoned_requests", "Requests dropped while intake was held.", \.abandoned),
        ]
        let gauges: [(String, String, KeyPath<ConnectionStats, Int>)] = [
            ("muted_peers", "Peers whose message does not arrive.", \.muted)
        ]
        return counters.map {
            metric("touchpoint_source_\($0.0)_total", $0.1, .counter, $0.2, sources)
        }
            + gauges.map { metric("touchpoint_source_\($0.0)", $0.1, .gauge, $0.2, sources) }
    }

    private static func metric(
        _ name: String,
        _ help: String,
        _ kind: Metric.Kind,
        _ path: KeyPath<ConnectionStats, Int>,
        _ sources: [PipelineSnapshot.Source]
    ) -> Metric {
        let samples = sources.map {
            Metric.Sample(
                Double(ConnectionStats($0.connections)[keyPath: path]),
                labels: [Metric.Label("source", $0.name)]
            )
        }
        return Metric(name, help: help, kind: kind, samples: samples)
    }
}

extension ConnectionStats {
    init(_ connections: PipelineSnapshot.Connections) {
        self.init()
        connects = connections.connects
        disconnects = connections.disconnects
        failedHandshakes = connections.failedHandshakes
        refused = connections.refused
        violations = connections.violations
        overBudget = connections.overBudget
        timedOut = connections.timedOut
        released = connections.released
        muted = connections.muted
        abandoned = connections.abandoned
    }
}
