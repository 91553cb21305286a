package import Agents
package import Ring

/// A source of messages: reads its transport into a ``Lane``, and sends its answers.
///
/// Each kind of source implements it. One thread calls it once or twice per round, so that no
/// message costs a dynamic call. Requests to the source and its counters go through its
/// ``SourceShared``.
package protocol IntakeSource: IntakeWorker {
    /// Where it listens and connects, for operators.
    var endpoints: [String] { get }

    /// Notices for operators since the last call.
    func takeNotices() -> [PeerNotice]
}

/// A worker that the sources of one kind share, on its own thread.
package protocol IntakeHelper: IntakeWorker {
    /// The name of its thread.
    var name: String { get }

    /// Asks it to finish; any thread may call.
    func finish()
}

/// A part of intake that works in rounds, on its own thread.
package protocol IntakeWorker: AnyObject, Sendable {
    /// Whether all requested work is done, so that the thread may end.
    var isFinished: Bool { get }

    /// Runs one round; returns how much was done, 0 for nothing.
    func doWork() throws(IntakeError) -> Int

    /// How to wait after a round that did `count` pieces of work.
    func idle(after count: Int) -> IdleStrategy

    /// Waits for work, at most for the given time.
    func wait(nanoseconds: Int64) throws(IntakeError)

    /// Closes its transport; the last call.
    func close()
}

/// Where a thread of a source connects to the path.
///
/// Most sources have one such place. Answers go back to the place that their messages came from.
package struct SourcePlace: Sendable {
    /// The source's index, which its records carry.
    package var index: Int
    /// One ring per writer, in the writers' order.
    package var rings: [RingBuffer]
    /// Wakes each writer.
    package var parkers: [Parker]
    /// One ring per writer, written by its committer.
    package var answers: [RingBuffer]
    package var shared: SourceShared

    package init(
        index: Int,
        rings: [RingBuffer],
        parkers: [Parker],
        answers: [RingBuffer],
        shared: SourceShared
    ) {
        self.index = index
        self.rings = rings
        self.parkers = parkers
        self.answers = answers
        self.shared = shared
    }
}

/// The opened sources: all that were asked for.
package struct OpenSources: Sendable {
    /// By index.
    package var sources: [any IntakeSource]
    package var helpers: [any IntakeHelper]

    package init(sources: [any IntakeSource], helpers: [any IntakeHelper] = []) {
        self.sources = sources
        self.helpers = helpers
    }
}

/// Opens all sources of a path, each at its places, of which it has at least one.
package typealias SourceFactory = (_ places: [[SourcePlace]]) throws(IntakeError) -> OpenSources
