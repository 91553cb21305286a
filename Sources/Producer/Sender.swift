import ZeroMQ

/// Publishes the events of a source to a collector, on the calling thread.
///
/// The decisions about answers are ``AcknowledgementWindow``'s; here is the input and output.
package struct Sender {
    /// How to publish.
    package struct Configuration: Sendable {
        /// The sockets a collector takes events from: its pull, router and sub sources.
        package enum Pattern: String, Sendable, CaseIterable { case push, dealer, pub }

        package var pattern: Pattern
        package var endpoint: String
        /// Listens at the endpoint instead of connecting to it.
        package var binds = false
        /// Events a message.
        package var batch = 1
        /// Dealer: messages without an answer at once.
        package var window = 64
        /// Events a second; nil is as fast as it goes.
        package var eventsPerSecond: Double?
        /// How long nothing may happen before giving up.
        package var timeout: Duration = .seconds(30)
        /// How long a message may be: an event that does not fit any more begins the next one.
        ///
        /// A little less than `limits.message` is by default: a collector with the smallest of
        /// rings has no room for quite as much.
        package var messageBytesMax = 4092 << 10
        /// Dealer: how long the first answer to a message may take before it is sent again; further
        /// ones may take longer.
        package var retryAfter: Duration = .seconds(1)
        /// Pub: the frame before the payload.
        package var topic = ""
        /// Dealer: a file that gets the id of every acknowledged event, a line each.
        package var acknowledgedLog: String?

        package init(pattern: Pattern, endpoint: String) {
            self.pattern = pattern
            self.endpoint = endpoint
        }
    }

    let configuration: Configuration
    let interrupted: @Sendable () -> Bool
    var progress: any ProgressSink
    var summary = SendSummary()
    var payload: [UInt8] = []
    /// Where the events of ``payload`` came from, as far as that is known.
    var origins: [MessageOrigin] = []
    /// An event that did not fit into the last message.
    var held: (bytes: [UInt8], place: EventPlace?)?
    /// Why the source gives nothing more.
    var sourceFailure: ProducerError?
    var longestMessage = 0
    private let start = ContinuousClock.now
    private var firstEvent: Duration?
    private var nextProgress: Duration = .zero

    /// - Parameters:
    ///   - configuration: how to publish.
    ///   - progress: shows how far it has come.
    ///   - interrupted: asked often; once true, nothing new is sent.
    package init(
        _ configuration: Configuration,
        progress: any ProgressSink,
        interrupted: @escaping @Sendable () -> Bool
    ) {
        self.configuration = configuration
        self.progress = progress
        self.interrupted = interrupted
    }

    /// Publishes everything, and returns when it is handed over or, with dealer, answered.
    ///
    /// - Returns: what came of it, and why it ended early if it did.
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

    /// Time since the sender was made.
    var now: Duration { ContinuousClock.now - start }

    /// Counts a message that has been handed to libzmq.
    mutating func countSent(events: Int) {
        summary.sent += events
        summary.bytes += payload.count
        longestMessage = max(longestMessage, payload.count)
    }

    /// Notes when the first event was read.
    mutating func startClock() {
        if firstEvent == nil { firstEvent = now }
    }

    /// How long to wait until the next message may go, given the rate.
    func pause() -> Duration {
        guard let rate = configuration.eventsPerSecond, let firstEvent else { return .zero }
        return max(.zero, firstEvent + .seconds(Double(summary.sent) / rate) - now)
    }

    /// Shows the progress, if it is time to; true when it was.
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
