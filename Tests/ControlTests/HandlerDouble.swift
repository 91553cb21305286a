import Control
import Synchronization
import TestSupport

/// A daemon that only records the requests it receives.
final class HandlerDouble: ControlHandler {
    private let asked = Mutex<[String]>([])
    private let gate = Mutex<Bool>(true)
    private let partitionCount: Int
    private let channelCount: Int

    init(partitionCount: Int = 1, channelCount: Int = 0) {
        self.partitionCount = partitionCount
        self.channelCount = channelCount
    }

    /// All requests, in order.
    var calls: [String] { asked.withLock { $0 } }

    /// Makes `flush` wait until the gate is opened again.
    func setGate(open: Bool) { gate.withLock { $0 = open } }

    private func note(_ call: String) { asked.withLock { $0.append(call) } }

    func status() async throws -> StatusAnswer {
        note("status")
        return Sample.status
    }

    func stats() async throws -> StatsAnswer {
        note("stats")
        var stats = Sample.stats(received: asked.withLock { $0.count })
        for number in 0..<channelCount {
            stats.channels["channel-\(number)"] = ChannelStats(events: number)
        }
        return stats
    }

    func partitions() async throws -> [PartitionAnswer] {
        note("partitions")
        return Array(repeating: Sample.partition, count: partitionCount)
    }

    func seal(prefix: String?) async throws -> SealAnswer {
        note("seal \(prefix ?? "all")")
        return SealAnswer(paths: ["events/channel=web/part-c1-0-20261122T100000Z-1.ndjson.gz"])
    }

    func flush() async throws -> FlushAnswer {
        note("flush")
        try await controlWait(for: "the test to open the gate") { gate.withLock { $0 } }
        return FlushAnswer(committed: true, events: 7)
    }

    func pause(source: String?) async throws -> StateAnswer {
        note("pause \(source ?? "all")")
        guard source != "nobody" else {
            throw ControlError(code: "no_such_source", message: "there is no source 'nobody'")
        }
        return StateAnswer(state: .paused, source: source)
    }

    func resume(source: String?) async throws -> StateAnswer {
        note("resume \(source ?? "all")")
        return StateAnswer(state: .running, source: source)
    }

    func reload() async throws -> ReloadAnswer {
        note("reload")
        struct Broken: Error {}
        throw Broken()
    }

    func setLogLevel(_ level: String) async throws -> StateAnswer {
        note("log-level \(level)")
        return StateAnswer(state: .running, logLevel: level)
    }

    func drain() async throws -> StateAnswer {
        note("drain")
        return StateAnswer(state: .draining)
    }
}
