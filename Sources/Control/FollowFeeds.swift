import NIOCore

/// Snapshots for all followers: encoded once per tick and shared.
///
/// Runs on the event loop of the connections.
///
/// All followers of one interval are served together. Intervals due at almost the same time share a
/// snapshot as well, so that clients with many different intervals do not cause more work.
final class FollowFeeds {
    /// The maximum age of a shared snapshot; below the shortest interval, so that no follower gets
    /// one twice.
    private static let sharedFor = TimeAmount.milliseconds(50)

    private struct Feed {
        var followers: [ObjectIdentifier: (RequestService.Answer) -> Void] = [:]
        var next: Scheduled<Void>?
    }

    private let service: RequestService
    private let eventLoop: any EventLoop
    private var feeds: [FollowInterval: Feed] = [:]
    /// The newest snapshot, and when it was complete.
    private var last: (answer: RequestService.Answer, at: NIODeadline)?
    /// The intervals whose tick waits for the snapshot in progress.
    private var waiting: Set<FollowInterval> = []

    init(service: RequestService, eventLoop: any EventLoop) {
        self.service = service
        self.eventLoop = eventLoop
    }

    /// Sends `follower` a snapshot every interval from now on, until it leaves.
    func join(
        _ follower: ObjectIdentifier,
        _ interval: FollowInterval,
        deliver: @escaping (RequestService.Answer) -> Void
    ) {
        leave(follower)
        feeds[interval, default: Feed()].followers[follower] = deliver
        if feeds[interval]?.next == nil { schedule(interval, after: .now()) }
    }

    func leave(_ follower: ObjectIdentifier) {
        for interval in feeds.keys {
            feeds[interval]?.followers[follower] = nil
            guard feeds[interval]?.followers.isEmpty == true else { continue }
            feeds[interval]?.next?.cancel()
            feeds[interval] = nil
        }
        if feeds.isEmpty { last = nil }
    }

    /// Schedules ticks on a grid from the first one, so that a slow answer shifts no other.
    private func schedule(_ interval: FollowInterval, after tick: NIODeadline) {
        let step = TimeAmount.milliseconds(Int64(interval.milliseconds))
        let due = max(tick + step, .now())
        feeds[interval]?.next = eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.schedule(interval, after: due)
            self.tick(interval)
        }
    }

    private func tick(_ interval: FollowInterval) {
        if let last, .now() - last.at < Self.sharedFor {
            return deliver(last.answer, to: interval)
        }
        let isUnderWay = !waiting.isEmpty
        waiting.insert(interval)
        guard !isUnderWay else { return }
        let promise = eventLoop.makePromise(of: RequestService.Answer.self)
        promise.completeWithTask { [service] in
            await service.answer(VerbTable.stats.verb, [], peer: nil)
        }
        promise.futureResult.assumeIsolated().whenSuccess { self.arrived($0) }
    }

    private func arrived(_ answer: RequestService.Answer) {
        let due = waiting
        waiting = []
        guard !feeds.isEmpty else { return }
        last = (answer, .now())
        for interval in due { deliver(answer, to: interval) }
    }

    private func deliver(_ answer: RequestService.Answer, to interval: FollowInterval) {
        // A follower may leave while others are served.
        for follower in feeds[interval]?.followers.values.map({ $0 }) ?? [] { follower(answer) }
    }
}
