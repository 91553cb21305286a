import Control
import Intake
import Logging
import Pipeline

/// Log lines about peers.
extension NoticeLog {
    func log(_ notice: PeerNotice, source: String) {
        let metadata: Logger.Metadata = [
            "source": "\(source)", "peer": "\(notice.peer)", "why": "\(notice.detail)",
        ]
        let isGood = notice.kind == .released
        logger.log(
            level: isGood ? .notice : .warning,
            "\(Self.text(notice.kind))",
            metadata: metadata
        )
    }

    private static func text(_ kind: PeerNotice.Kind) -> String {
        switch kind {
        case .handshakeFailed: "handshake failed"
        case .violation: "peer broke the protocol, its connection was closed"
        case .muted: "peer is not heard"
        case .released: "peer was not heard, and was cut off to connect anew"
        case .unknownKey: "connection refused: its key is not known"
        case .unknownWriteKey, .badSignature: "requests refused"
        case .keyRemoved: "connection ended: its key may not connect any more"
        case .refused: "connection refused"
        case .overBudget: "peer sends what is no message, and was cut off"
        case .nameTooLong: "routing id refused, and its peer cut off"
        case .timedOut: "peer is gone, its connection was closed"
        case .unreachable: "source cannot connect"
        case .socketFileGone: "socket file is gone"
        }
    }

    /// Logs which peer sends messages that go to quarantine.
    func logRejection(source: String, peer: String, reason: String) {
        logger.warning(
            "peer sends what cannot be accepted, kept in quarantine",
            metadata: ["source": "\(source)", "peer": "\(peer)", "reason": "\(reason)"]
        )
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
