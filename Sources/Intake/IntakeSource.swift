package import Agents
package import Ring

/// A source of messages: reads its transport into a ``Lane``, and sends its answers.
///
/// A kind of source implements it once. One thread calls, once or twice a round, so that no message
/// costs a dynamic call. What is asked of the source, and what it shows, goes through its
/// ``SourceShared``.
package protocol IntakeSource: IntakeWorker {
    /// Where it listens and connects, for operators.
    var endpoints: [String] { get }

    /// What there is to tell an operator since the last call.
    func takeNotices() -> [PeerNotice]
}

/// What the sources of a kind need beside them on a thread of its own.
package protocol IntakeHelper: IntakeWorker {
    /// The name of its thread.
    var name: String { get }

    /// Asks it to finish; any thread.
    func finish()
}

/// Something of intake that works in rounds, on one thread of its own.
package protocol IntakeWorker: AnyObject, Sendable {
    /// Whether all that was asked of it is done, and the thread may end.
    var isFinished: Bool { get }

    /// One round; returns how much was done, 0 for nothing.
    func doWork() throws(IntakeError) -> Int

    /// How to wait after a round that did so much.
    func idle(after count: Int) -> IdleStrategy

    /// Waits for work, at most so long.
    func wait(nanoseconds: Int64) throws(IntakeError)

    /// Closes its transport; the last call.
    func close()
}

/// Where a source is joined to the path.
package struct SourcePlace: Sendable {
    /// The source's index, which its records have.
    package var index: Int
    /// A ring to each writer, in the writers' order.
    package var rings: [RingBuffer]
    /// Wakes each writer.
    package var parkers: [Parker]
    /// A ring from each writer's committer.
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

/// Sources that have been opened, all of them or none.
package struct OpenSources: Sendable {
    /// By index.
    package var sources: [any IntakeSource]
    package var helpers: [any IntakeHelper]

    package init(sources: [any IntakeSource], helpers: [any IntakeHelper] = []) {
        self.sources = sources
        self.helpers = helpers
    }
}

/// Opens all sources of a path, each at its place.
package typealias SourceFactory = (_ places: [SourcePlace]) throws(IntakeError) -> OpenSources
