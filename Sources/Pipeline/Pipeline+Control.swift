import Disk
import Filing
import Intake
package import Plan
import Platform
import Ring
package import Storage
import Synchronization

/// The operators' commands to a running pipeline.
extension Pipeline {
    /// Commits the events received so far.
    ///
    /// Returns when it is durable.
    ///
    /// - Throws: ``PipelineError`` when a writer's disk is full or has failed.
    package func flush() async throws(PipelineError) -> CommitOutcome {
        try await commitAll { .flush($0) }
    }

    /// Seals open segments whose sealed path is `prefix` or below that folder; all of them for nil.
    ///
    /// Returns when they are durable.
    package func seal(prefix: String?) async throws(PipelineError) -> CommitOutcome {
        let prefix = prefix ?? ""
        return try await commitAll { .seal(prefix: prefix, $0) }
    }

    private func commitAll(
        _ command: (CommitWaiter) -> WriterCommand
    ) async throws(PipelineError) -> CommitOutcome {
        if let reason = storage.reason { throw PipelineError("storage is blocked: \(reason)") }
        let replies = writers.map { writer in
            let reply = Reply<Result<CommitOutcome, FileSystemError>>()
            writer.ask(command(CommitWaiter { reply.give($0) }))
            return reply
        }
        var sum = CommitOutcome(events: 0, sealed: [])
        for reply in replies {
            guard
                let result = await reply.value(within: .seconds(30), unless: { self.writersEnded })
            else { throw silence(seconds: 30) }
            do {
                let outcome = try result.get()
                sum.events += outcome.events
                sum.sealed += outcome.sealed
            } catch {
                throw PipelineError("commit failed: \(error)")
            }
        }
        return sum
    }

    /// Looks for other things in events, such as what another plan wants, or for nothing; each writer
    /// changes between two commits.
    ///
    /// Returns when all have, or when the disk keeps one from committing: it changes later then.
    package func setWants(_ wants: EventWants?) async {
        for writer in writers { writer.ask(.want(WantsChange(to: wants))) }
        _ = try? await flush()
    }

    /// The open segments of all writers.
    package func openSegments() async throws(PipelineError) -> [OpenSegmentDescription] {
        let replies = writers.map { writer in
            let reply = Reply<[OpenSegmentDescription]>()
            writer.ask(.describe { reply.give($0) })
            return reply
        }
        var open: [OpenSegmentDescription] = []
        for reply in replies {
            guard let part = await reply.value(within: .seconds(5), unless: { self.writersEnded })
            else { throw silence(seconds: 5) }
            open += part
        }
        return open.sorted { $0.path < $1.path }
    }

    /// The error for a writer that did not answer.
    private func silence(seconds: Int) -> PipelineError {
        if writersEnded { return PipelineError("the pipeline has ended") }
        return PipelineError(
            storage.reason.map { "storage is blocked: \($0)" }
                ?? "the writer did not answer in \(seconds) s"
        )
    }

    /// The index of a source; nil when no source has that name.
    package func source(named name: String) -> Int? {
        configuration.sources.firstIndex { $0.name == name }
    }

    /// Wakes a source's thread: something that it looks at each round has changed.
    package func wake(source: Int) {
        for place in places[source] { place.signal() }
    }

    /// Stops taking in from one source, or from all; producers feel back-pressure.
    package func pause(source: Int? = nil) {
        for source in chosen(source) { places.ask(.paused, of: source) }
    }

    /// Reverts ``pause(source:)``.
    package func resume(source: Int? = nil) {
        for source in chosen(source) { places.cancel(.paused, of: source) }
    }

    private func chosen(_ source: Int?) -> Range<Int> {
        source.map { $0..<($0 + 1) } ?? configuration.sources.indices
    }

    package func isPaused(source: Int) -> Bool {
        places.requests(of: source).contains(.paused)
    }

    /// Whether a source's socket has failed, so that it takes in nothing more in this run.
    package func isFailed(source: Int) -> Bool {
        places.hasEndedIntake(source)
            && places.requests(of: source).isDisjoint(with: [.draining, .closing])
    }

    /// Why the disk blocks intake; nil when it does not.
    package var blockedReason: String? { storage.reason }
}

/// Draining and leaving.
extension Pipeline {
    /// Stops intake, writes and seals everything, sends the last answers and ends all threads.
    ///
    /// - Returns: whether all of it was done by the deadline (monotonic nanoseconds); after false,
    /// open segments remain for the next start to recover.
    package func drain(deadline: Int64) async -> Bool {
        endLeftovers()
        // Sources without answers end first, which takes a moment. The others keep answering
        // meanwhile, so their producers get "unavailable" for as short a time as possible.
        let unanswered = configuration.sources.indices.filter {
            !configuration.sources[$0].isAnswered
        }
        var hasEnded = await endIntake(of: unanswered, deadline)
        if hasEnded {
            hasEnded = await endIntake(of: Array(configuration.sources.indices), deadline)
        }
        guard hasEnded else {
            await leave()
            return false
        }
        for writer in writers { writer.askToFinish() }
        let written = await wait(until: deadline) { self.writersEnded }
        await leave()
        return written && !isHurried
    }

    /// Ends intake; returns whether everything received is in the rings by the deadline, unhurried.
    private func endIntake(of indices: [Int], _ deadline: Int64) async -> Bool {
        for index in indices { places.ask(.draining, of: index) }
        let hasEnded = await wait(until: deadline) {
            self.isHurried || indices.allSatisfy(self.places.hasEndedIntake)
        }
        return hasEnded && !isHurried
    }

    /// Commits what is pending and ends all threads at once; segments stay open for recovery.
    package func leave() async {
        endLeftovers()
        for writer in writers { writer.askToLeave() }
        _ = await wait(until: .max) { self.writersEnded }
        joinWriters()
        _ = reserve.release()
        for place in places.shared {
            place.intakeEnded.store(true, ordering: .releasing)
            place.ask([.draining, .closing])
        }
        joinSources()
    }

    /// Whether all writers and committers have ended.
    var writersEnded: Bool {
        writers.allSatisfy(\.hasEnded)
    }

    private func wait(until deadline: Int64, _ condition: () -> Bool) async -> Bool {
        while !condition() {
            if SystemClock.monotonicNanoseconds >= deadline { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

/// A value that one thread sets and one task awaits.
private final class Reply<Value: Sendable>: Sendable {
    private let given = Mutex<Value?>(nil)

    func give(_ value: Value) {
        given.withLock { $0 = value }
    }

    /// The value; nil when none was set in time, or nobody is left to set it.
    ///
    /// Polls every two milliseconds: commands are rare, and a continuation would have to be resumed
    /// by a thread that may have ended.
    func value(within limit: Duration, unless isOver: () -> Bool) async -> Value? {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let isLastLook = isOver()
            if let value = given.withLock({ $0 }) { return value }
            if isLastLook { return nil }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }
}
