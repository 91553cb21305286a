import Agents
import Intake
import ZeroMQ

/// The handshake gate of all sources of a context, as a worker that the path runs.
final class Gate: IntakeHelper, @unchecked Sendable {
    // Unchecked: one thread at a time has the gate; any thread may use the bell.
    private var gate: HandshakeGate?
    private let bell: HandshakeGate.Bell

    let name = "handshakes"

    /// Binds the gate; the sources' sockets are bound after it.
    init(in context: Context) throws(IntakeError) {
        let bell = try HandshakeGate.Bell()
        self.bell = bell
        do throws(ZeroMQError) {
            gate = try HandshakeGate(in: context, bell: bell)
        } catch {
            throw IntakeError("\(error)")
        }
    }

    var isFinished: Bool { gate?.isFinished ?? true }

    func doWork() throws(IntakeError) -> Int {
        do throws(ZeroMQError) {
            return try gate?.doWork() ?? 0
        } catch {
            throw IntakeError("\(error)")
        }
    }

    func idle(after count: Int) -> IdleStrategy {
        count > 0 ? .none : .wait(nanoseconds: Int64(HandshakeGate.idleMilliseconds) * 1_000_000)
    }

    func wait(nanoseconds: Int64) throws(IntakeError) {
        do throws(ZeroMQError) {
            try gate?.wait(milliseconds: Int(nanoseconds / 1_000_000))
        } catch {
            throw IntakeError("\(error)")
        }
    }

    func finish() {
        bell.end()
    }

    func close() {
        _ = gate.take()
    }
}
