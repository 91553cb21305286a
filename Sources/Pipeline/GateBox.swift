import Intake
import Synchronization
import ZeroMQ

/// The thread that answers for the handshakes of all sources.
final class GateBox: @unchecked Sendable {
    private var gate: HandshakeGate?
    private let bell: HandshakeGate.Bell
    private let thread = Mutex<WorkerThread?>(nil)

    /// Binds; the sources' sockets come after it.
    init(in context: Context) throws {
        let bell = try HandshakeGate.Bell()
        self.bell = bell
        gate = try HandshakeGate(in: context, bell: bell)
    }

    /// Once.
    func start(_ notify: @escaping @Sendable (PipelineNotice) -> Void) {
        let thread = WorkerThread(name: "handshakes") { self.run(notify) }
        self.thread.withLock { $0 = thread }
    }

    private func run(_ notify: (PipelineNotice) -> Void) {
        guard var gate = gate.take() else { return }
        do throws(ZeroMQError) {
            while !gate.isFinished {
                if try gate.doWork() == 0 { try gate.idle() }
            }
        } catch {
            notify(.receiverFailed(source: "handshakes of all sources", reason: "\(error)"))
        }
    }

    /// Ends the thread; any number of times.
    func end() {
        bell.end()
        let thread = self.thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }
}
