/// Runs one agent on its own thread.
package final class AgentRunner: Sendable {
    /// Beats before each round.
    package let heartbeat: Heartbeat
    private let thread: WorkerThread

    /// `make`: creates the agent, on its own thread.
    package init<Body: Agent & ~Copyable>(
        _ name: String,
        heartbeat: Heartbeat = Heartbeat(),
        make: @escaping @Sendable () -> Body
    ) {
        self.heartbeat = heartbeat
        thread = WorkerThread(name: name) {
            var agent = make()
            Self.run(&agent, heartbeat)
        }
    }

    /// Starts the thread; call once.
    package func start() {
        thread.start()
    }

    /// Waits for the end of the thread, if it was started.
    package func join() {
        thread.join()
    }

    /// Works until the agent is finished.
    package static func run<Body: Agent & ~Copyable>(_ agent: inout Body, _ heartbeat: Heartbeat) {
        rounds: while !agent.isFinished {
            heartbeat.beat()
            do throws(Body.Failure) {
                let count = try agent.doWork()
                switch agent.idle(after: count) {
                case .none: break
                case .pause(let pause): pause.take()
                case .wait(let nanoseconds): try agent.wait(nanoseconds: nanoseconds)
                }
            } catch {
                guard case .goOn = agent.recover(from: error) else { break rounds }
            }
        }
        agent.end()
    }
}
