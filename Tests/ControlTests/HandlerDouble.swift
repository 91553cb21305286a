import Control
import Synchronization
import TestSupport

/// A daemon that only remembers what it was asked.
final class HandlerDouble: Sendable {
    private let asked = Mutex<[String]>([])
    private let gate = Mutex<Bool>(true)
    private let partitionCount: Int
    private let channelCount: Int
    private let version: String

    init(partitionCount: Int = 1, channelCount: Int = 0, version: String = "1.2.3") {
        self.partitionCount = partitionCount
        self.channelCount = channelCount
        self.version = version
    }

    /// What it does for each verb.
    var handler: ControlHandler {
        var handler = ControlHandler()
        handler.on(VerbTable.version) { _ in VersionAnswer(version: self.version, build: "debug") }
        handler.on(VerbTable.status) { _ in try await self.status() }
        handler.on(VerbTable.stats) { _ in try await self.stats() }
        handler.on(VerbTable.producers) { _ in Sample.producers }
        handler.on(VerbTable.partitions) { _ in try await self.partitions() }
        handler.on(VerbTable.seal) { try await self.seal(prefix: $0) }
        handler.on(VerbTable.flush) { _ in try await self.flush() }
        handler.on(VerbTable.pause) { try await self.pause(source: $0) }
        handler.on(VerbTable.resume) { try await self.resume(source: $0) }
        handler.on(VerbTable.reload) { _ in try await self.reload() }
        handler.on(VerbTable.logLevel) { try await self.setLogLevel($0 ?? "") }
        handler.on(VerbTable.drain) { _ in try await self.drain() }
        return handler
    }

    /// All requests, in order.
    var calls: [String] { asked.withLock { $0 } }

    /// Makes `flush` wait until the gate is opened again.
    func setGate(open: Bool) { gate.withLock { $0 = open } }

    private func note(_ call: String) { asked.withLock { $0.append(call) } }

    private func status() async throws -> StatusAnswer {
        note("status")
        return Sample.status
    }

    private func stats() async throws -> StatsAnswer {
        note("stats")
        var stats = Sample.stats(received: asked.withLock { $0.count })
        for number in 0..<channelCount {
            stats.channels["channel-\(number)"] = ChannelStats(events: number)
        }
        return stats
    }

    private func partitions() async throws -> [PartitionAnswer] {
        note("partitions")
        return Array(repeating: Sample.partition, count: partitionCount)
    }

    private func seal(prefix: String?) async throws -> SealAnswer {
        note("seal \(prefix ?? "all")")
        return SealAnswer(paths: ["events/channel=web/part-c1-0-20261122T100000Z-1.ndjson.gz"])
    }

    private func flush() async throws -> FlushAnswer {
        note("flush")
        try await waitUntil("the test to open the gate") { gate.withLock { $0 } }
        return FlushAnswer(committed: true, events: 7)
    }

    private func pause(source: String?) async throws -> StateAnswer {
        note("pause \(source ?? "all")")
        guard source != "nobody" else {
            throw ControlError(code: "no_such_source", message: "there is no source 'nobody'")
        }
        return StateAnswer(state: .paused, source: source)
    }

    private func resume(source: String?) async throws -> StateAnswer {
        note("resume \(source ?? "all")")
        return StateAnswer(state: .running, source: source)
    }

    private func reload() async throws -> ReloadAnswer {
        note("reload")
        struct Broken: Error {}
        throw Broken()
    }

    private func setLogLevel(_ level: String) async throws -> StateAnswer {
        note("log-level \(level)")
        return StateAnswer(state: .running, logLevel: level)
    }

    private func drain() async throws -> StateAnswer {
        note("drain")
        return StateAnswer(state: .draining)
    }
}
