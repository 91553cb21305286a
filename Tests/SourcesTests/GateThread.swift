import Agents
import Foundation
import ZeroMQ

@testable import ZeroMQSource

/// A thread that runs a context's handshake gate, as a thread of the pipeline does.
final class GateThread: Sendable {
    private let gate: Gate
    private let ended = DispatchSemaphore(value: 0)

    init(in context: Context) throws {
        let gate = try Gate(in: context)
        self.gate = gate
        let ended = ended
        Thread.detachNewThread { Self.run(gate, ended) }
    }

    deinit {
        gate.finish()
        ended.wait()
    }

    private static func run(_ gate: Gate, _ ended: DispatchSemaphore) {
        defer { ended.signal() }
        while !gate.isFinished {
            guard let count = try? gate.doWork() else { break }
            guard case .wait(let nanoseconds) = gate.idle(after: count) else { continue }
            if (try? gate.wait(nanoseconds: nanoseconds)) == nil { break }
        }
        gate.close()
    }
}
