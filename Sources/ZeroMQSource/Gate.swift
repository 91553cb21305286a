import Agents
import Intake
import ZeroMQ

/// The gate of all sources of a context, as a path drives it.
final class Gate: IntakeHelper, @unchecked Sendable {
    // Unchecked: one thread at a time has the gate; the bell is any thread's.
    private var gate: HandshakeGate?
    private let bell: HandshakeGate.Bell

    let name = "handshakes"

    /// Binds; the sources' sockets come after it.
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
