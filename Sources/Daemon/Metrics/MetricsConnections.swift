import NIOCore
import Synchronization

/// The open connections of the metrics endpoint: a bounded number, each for a bounded time.
///
/// Any thread may call.
///
/// When all places are taken, the connection that has waited longest without a whole request is
/// closed, so that clients that never send one cannot block a scrape.
final class MetricsConnections: Sendable {
    private struct Entry {
        let channel: any Channel
        let number: Int
        var hasAsked = false
    }

    private struct Entries {
        var open: [ObjectIdentifier: Entry] = [:]
        var count = 0
    }

    private let connectionsMax: Int
    private let requestMax: TimeAmount
    private let answerMax: TimeAmount
    private let entries = Mutex(Entries())

    /// A request must be complete within `requestMax` of its connection's start, and its answer
    /// read within `answerMax` more.
    init(connectionsMax: Int, requestMax: TimeAmount, answerMax: TimeAmount) {
        self.connectionsMax = connectionsMax
        self.requestMax = requestMax
        self.answerMax = answerMax
    }

    /// Adds a connection, to be closed when its time is over; returns false without a free place.
    func enter(_ channel: any Channel) -> Bool {
        let (isAdmitted, silent) = entries.withLock { take(channel, in: &$0) }
        silent?.close(promise: nil)
        guard isAdmitted else { return false }
        let timers = [
            channel.eventLoop.scheduleTask(in: requestMax) {
                if !self.hasAsked(channel) { channel.close(promise: nil) }
            },
            channel.eventLoop.scheduleTask(in: requestMax + answerMax) {
                channel.close(promise: nil)
            },
        ]
        channel.closeFuture.whenComplete { _ in
            for timer in timers { timer.cancel() }
            self.entries.withLock { $0.open[ObjectIdentifier(channel)] = nil }
        }
        return true
    }

    /// Notes that the connection's request is complete.
    func asked(_ channel: any Channel) {
        entries.withLock { $0.open[ObjectIdentifier(channel)]?.hasAsked = true }
    }

    private func hasAsked(_ channel: any Channel) -> Bool {
        entries.withLock { $0.open[ObjectIdentifier(channel)]?.hasAsked ?? true }
    }

    private func take(
        _ channel: any Channel,
        in entries: inout Entries
    ) -> (isAdmitted: Bool, silent: (any Channel)?) {
        var silent: Entry?
        if entries.open.count >= connectionsMax {
            silent = entries.open.values.filter { !$0.hasAsked }.min { $0.number < $1.number }
            guard let silent else { return (false, nil) }
            entries.open[ObjectIdentifier(silent.channel)] = nil
        }
        entries.count += 1
        entries.open[ObjectIdentifier(channel)] = Entry(channel: channel, number: entries.count)
        return (true, silent?.channel)
    }
}
