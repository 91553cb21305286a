import FoundationEssentials
import Terminal

/// The result of a run of ``Sender``; counts are events unless stated otherwise.
package struct SendSummary: Codable, Equatable, Sendable {
    /// Handed to libzmq, resent events counted once.
    package var sent = 0
    /// On the collector's stable storage, as acknowledged (dealer only).
    package var acknowledged = 0
    /// Of those, already known to the collector (dealer only).
    package var duplicates = 0
    /// Not sent: too long, or not separable from others.
    package var refused = 0
    /// Permanently refused by the collector (dealer only).
    package var rejected = 0
    /// On the collector's stable storage, in quarantine (dealer only).
    package var quarantined = 0
    /// Sent, and neither acknowledged nor rejected at the end (dealer only).
    package var unanswered = 0
    /// Messages resent (dealer only).
    package var retried = 0
    /// Answers to messages that were already answered (dealer only).
    package var lateAnswers = 0
    /// Bytes of the events sent, resent ones not counted again.
    package var bytes = 0
    /// From the first event to the last acknowledgement, or until the queue was sent.
    package var seconds = 0.0
    /// Whether a signal ended the run early.
    package var interrupted = false
    /// The first events that were refused, rejected or quarantined, and the reasons.
    package internal(set) var findings: [SendFinding] = []
    /// The number of further findings.
    package internal(set) var findingsLeftOut = 0

    package init() {}

    /// Events that the collector did not accept.
    package var failed: Int { refused + rejected + quarantined }

    /// Events sent per second.
    package var eventsPerSecond: Double { seconds > 0 ? Double(sent) / seconds : 0 }
    /// 10⁶ bytes sent per second.
    package var megabytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds / 1e6 : 0 }

    /// One line for people.
    package var line: String {
        let figures = [
            HumanText.fixed(seconds, places: 2) + " s",
            HumanText.fixed(eventsPerSecond, places: 0) + " events/s",
            HumanText.fixed(megabytesPerSecond, places: 1) + " MB/s",
        ].joined(separator: ", ")
        let refusals = refused > 0 ? "refused \(refused), " : ""
        return "sent \(sent), acknowledged \(acknowledged), \(refusals)rejected \(rejected), "
            + "quarantined \(quarantined), retried \(retried), \(figures)"
    }

    /// One line of JSON, including the rates.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return String(decoding: try encoder.encode(Printed(self)), as: UTF8.self)
        }
    }

    private struct Printed: Encodable {
        private let summary: SendSummary

        init(_ summary: SendSummary) { self.summary = summary }

        private enum Keys: CodingKey { case eventsPerSecond, megabytesPerSecond }

        func encode(to encoder: any Encoder) throws {
            try summary.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(summary.eventsPerSecond, forKey: .eventsPerSecond)
            try container.encode(summary.megabytesPerSecond, forKey: .megabytesPerSecond)
        }
    }
}

/// Displays the progress of ``Sender``.
///
/// Called on the sender's thread, at most about ten times a second.
package protocol ProgressSink {
    /// - Parameters:
    ///   - sent: events handed to libzmq.
    ///   - acknowledged: events answered finally; nil if nothing is acknowledged.
    ///   - total: the number of events, if known.
    mutating func update(sent: Int, acknowledged: Int?, total: Int?)
}
