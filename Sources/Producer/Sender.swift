import ZeroMQ

/// Publishes the events of a source to a collector, on the calling thread.
///
/// ``AcknowledgementWindow`` decides about answers; this type does the input and output.
package struct Sender {
    /// The options of publishing.
    package struct Configuration: Sendable {
        /// The socket patterns that a collector receives from, with pull, router and sub sources.
        package enum Pattern: String, Sendable, CaseIterable { case push, dealer, pub }

        package var pattern: Pattern
        package var endpoint: String
        /// Whether to listen at the endpoint instead of connecting to it.
        package var binds = false
        /// Events per message.
        package var batch = 1
        /// Dealer: the most unanswered messages.
        package var window = 64
        /// Events per second; nil means no limit.
        package var eventsPerSecond: Double?
        /// How long to wait without progress before giving up.
        package var timeout: Duration = .seconds(30)
        /// The longest message in bytes: an event that does not fit begins the next one.
        ///
        /// Slightly below the default of `limits.message`: a collector with the smallest ring has
        /// no room for a message of that size.
        package var messageBytesMax = 4092 << 10
        /// Dealer: how long to wait for the first answer to a message before resending it; later
        /// waits may be longer.
        package var retryAfter: Duration = .seconds(1)
        /// Pub: the frame before the payload.
        package var topic = ""
        /// Dealer: a file that receives the id of every acknowledged event, one per line.
        package var acknowledgedLog: String?
        /// The keys of an encrypted connection; nil for one that is not.
        package var curve: CurveCredentials?

        package init(pattern: Pattern, endpoint: String) {
            self.pattern = pattern
            self.endpoint = endpoint
        }
    }

    /// The most findings that the summary lists.
    private static let findingsMax = 20

    let configuration: Configuration
    let interrupted: @Sendable () -> Bool
    var progress: any ProgressSink
    var summary = SendSummary()
    var payload: [UInt8] = []
    /// The origins of the events of ``payload``, as far as known.
    var origins: [MessageOrigin] = []
    /// An event that did not fit into the last message.
    var held: (bytes: [UInt8], place: EventPlace?)?
    /// The error that ended the source.
    var sourceFailure: ProducerError?
    var longestMessage = 0
    private let start = ContinuousClock.now
    private var firstEvent: Duration?
    private var nextProgress: Duration = .zero

    /// - Parameters:
    ///   - configuration: how to publish.
    ///   - progress: displays the progress.
    ///   - interrupted: called often; once it returns true, nothing new is sent.
    package init(
        _ configuration: Configuration,
        progress: any ProgressSink,
        interrupted: @escaping @Sendable () -> Bool
    ) {
        self.configuration = configuration
        self.progress = progress
        self.interrupted = interrupted
    }

    /// Publishes all events, and returns once they are sent or, with dealer, answered.
    ///
    /// - Returns: the result, and the reason if it ended early.
    package mutating func run(
        _ source: inout some EventSource
    ) -> (summary: SendSummary, failure: ProducerError?) {
        var failure: ProducerError?
        do {
            try publish(&source)
        } catch {
            failure = error
        }
        summary.interrupted = interrupted()
        if let firstEvent { summary.seconds = (now - firstEvent) / .seconds(1) }
        return (summary, failure)
    }

    private mutating func publish(_ source: inout some EventSource) throws(ProducerError) {
        do {
            let context = try Context()
            let socket = try makeSocket(in: context)
            var watch = try ConnectionWatch(socket, in: context)
            try attach(socket)
            guard try awaitPeer(of: socket, using: &watch) else { return }
            switch configuration.pattern {
            case .push, .pub:
                try stream(&source, to: socket, using: &watch)
                try awaitHandedOver(consume socket, using: &watch)
            case .dealer: try converse(&source, over: socket, using: &watch)
            }
        } catch let error as ZeroMQError {
            throw .zeroMQ(error)
        } catch let error as ProducerError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown here: \(error)")
        }
        if let sourceFailure { throw sourceFailure }
    }

    /// The time since the sender was created.
    var now: Duration { ContinuousClock.now - start }

    /// Counts a message that was handed to libzmq.
    mutating func countSent(events: Int) {
        summary.sent += events
        summary.bytes += payload.count
        longestMessage = max(longestMessage, payload.count)
    }

    /// Adds a finding to the summary, or counts it beyond the limit.
    mutating func note(_ finding: SendFinding) {
        if summary.findings.count < Self.findingsMax {
            summary.findings.append(finding)
        } else {
            summary.findingsLeftOut += 1
        }
    }

    /// Records the time of the first event.
    mutating func startClock() {
        if firstEvent == nil { firstEvent = now }
    }

    /// The time until the next message may be sent at the configured rate.
    func pause() -> Duration {
        guard let rate = configuration.eventsPerSecond, let firstEvent else { return .zero }
        return max(.zero, firstEvent + .seconds(Double(summary.sent) / rate) - now)
    }

    /// Displays the progress if it is due; returns true if it was.
    @discardableResult
    mutating func showProgress(total: Int?, final: Bool = false) -> Bool {
        let now = now
        guard final || now >= nextProgress else { return false }
        nextProgress = now + .milliseconds(100)
        let isAnswered = configuration.pattern == .dealer
        let answered = summary.acknowledged + summary.rejected + summary.quarantined
        progress.update(sent: summary.sent, acknowledged: isAnswered ? answered : nil, total: total)
        return true
    }
}
