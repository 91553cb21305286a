/// A worker that runs in rounds on its own thread: a source, a writer, a committer.
///
/// An ``AgentRunner`` drives it: a round, then the wait that the agent asks for, until it is
/// finished. One thread calls; the agent is created and destroyed on that thread.
package protocol Agent: ~Copyable, SendableMetatype {
    associatedtype Failure: Error

    /// Whether there is nothing left to do; asked before each round.
    var isFinished: Bool { get }

    /// Runs one round; returns how much was done, 0 for nothing.
    mutating func doWork() throws(Failure) -> Int

    /// How to wait after a round that did `count` pieces of work.
    mutating func idle(after count: Int) -> IdleStrategy

    /// Waits at most `nanoseconds` for new work: ``IdleStrategy/wait(nanoseconds:)``.
    mutating func wait(nanoseconds: Int64) throws(Failure)

    /// What the runner does with the agent after an error.
    mutating func recover(from error: Failure) -> AfterError

    /// Ends the agent's work: the last call, after the last round.
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
    /// Does not wait.
    case none
    /// Sleeps; nothing ends the pause early.
    case pause(Pause)
    /// Sleeps until it is woken, at most for the given time.
    case wait(nanoseconds: Int64)
}
