/// Something that works in rounds, on one thread of its own: a source, a writer, a committer.
///
/// An ``AgentRunner`` drives it: a round, then whatever wait the agent asks for, until it is finished.
/// One thread calls; the agent is made and goes on that thread.
package protocol Agent: ~Copyable, SendableMetatype {
    associatedtype Failure: Error

    /// Whether there is nothing left to do; asked before each round.
    var isFinished: Bool { get }

    /// One round; returns how much was done, 0 for nothing.
    mutating func doWork() throws(Failure) -> Int

    /// How to wait after a round that did so much.
    mutating func idle(after count: Int) -> IdleStrategy

    /// Waits at most so long, until there may be something to do: ``IdleStrategy/wait(nanoseconds:)``.
    mutating func wait(nanoseconds: Int64) throws(Failure)

    /// What becomes of the agent after an error.
    mutating func recover(from error: Failure) -> AfterError

    /// The last call, after the last round.
    mutating func end()
}

extension Agent where Self: ~Copyable {
    /// Ends the agent.
    package mutating func recover(from error: Failure) -> AfterError { .end }
}

/// What a runner does after an agent's error.
package enum AfterError: Sendable {
    case goOn
    case end
}

/// How an agent waits between two rounds, decided as a value.
package enum IdleStrategy: Sendable, Equatable {
    /// Not at all.
    case none
    /// Sleeps; nothing ends the pause early.
    case pause(Pause)
    /// Sleeps until it is woken, at most so long.
    case wait(nanoseconds: Int64)
}
