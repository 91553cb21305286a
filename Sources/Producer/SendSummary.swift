import FoundationEssentials
import Terminal

/// What came of a run of ``Sender``; counts are events unless they say otherwise.
package struct SendSummary: Codable, Equatable, Sendable {
    /// Handed to libzmq, each once however often it was sent again.
    package var sent = 0
    /// On stable storage of the collector, by its own word (dealer only).
    package var acknowledged = 0
    /// Of those, known to the collector from before (dealer only).
    package var duplicates = 0
    /// Not sent: too long, or not to be told apart from others.
    package var refused = 0
    /// Not taken by the collector, for good (dealer only).
    package var rejected = 0
    /// On stable storage of the collector, but as unacceptable (dealer only).
    package var quarantined = 0
    /// Sent, and neither acknowledged nor rejected at the end (dealer only).
    package var unanswered = 0
    /// Messages sent again (dealer only).
    package var retried = 0
    /// Answers to messages that were answered already (dealer only).
    package var lateAnswers = 0
    /// Bytes of the events sent, without those sent again.
    package var bytes = 0
    /// From the first event to the last acknowledgement, or until the queue was on the network.
    package var seconds = 0.0
    /// Whether a signal ended it early.
    package var interrupted = false
    /// Which events were refused, rejected or quarantined, and why: the first of them.
    package private(set) var findings: [SendFinding] = []
    /// How many findings there were beyond those.
    package private(set) var findingsLeftOut = 0

    private static let findingsMax = 20

    package init() {}

    /// Keeps a finding, or counts it when there are many.
    package mutating func note(_ finding: SendFinding) {
        if findings.count < Self.findingsMax {
            findings.append(finding)
        } else {
            findingsLeftOut += 1
        }
    }

    /// Events that did not get in.
    package var failed: Int { refused + rejected + quarantined }

    /// Events sent a second.
    package var eventsPerSecond: Double { seconds > 0 ? Double(sent) / seconds : 0 }
    /// 10⁶ bytes sent a second.
    package var megabytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds / 1e6 : 0 }

    /// One line for a person.
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

    /// One line of JSON, with the rates.
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

/// Who shows how far ``Sender`` has come.
///
/// Called on the sender's thread, at most some ten times a second.
package protocol ProgressSink {
    /// - Parameters:
    ///   - sent: events handed to libzmq.
    ///   - acknowledged: events answered for good; nil where nothing is acknowledged.
    ///   - total: events there will be, if known.
    mutating func update(sent: Int, acknowledged: Int?, total: Int?)
}
