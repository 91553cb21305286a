import Control
import Foundation
import Glibc
import Logging
import Pipeline
import Platform
import TestSupport
import ZeroMQ

@testable import Configuration
@testable import Daemon

/// A collector on its own folder, with ports of the system's choice, configured by a file.
final class LifeRig {
    let folder: TemporaryFolder
    let configurationPath: String
    let collector: Collector
    let logLevel: SharedLogLevel
    let events: AsyncStream<Collector.LifeEvent>
    private let context: Context

    init(folder: TemporaryFolder? = nil, more: String = "") throws {
        let folder = try folder ?? TemporaryFolder(prefix: "touchpoint-life")
        self.folder = folder
        configurationPath = "\(folder.path)/touchpointd.yaml"
        try Self.write(more, to: configurationPath, data: folder.path)
        let settings = try SettingsReader.load(path: configurationPath, environment: [:])
        let level = SharedLogLevel(settings.log.level)
        logLevel = level
        let made = AsyncStream<Collector.LifeEvent>.makeStream()
        events = made.stream
        context = try Context()
        collector = try Collector.open(
            settings,
            origin: SettingsOrigin(path: configurationPath, environment: [:]),
            log: DaemonLog(
                logger: Logger(label: "life") { _ in SwiftLogNoOpLogHandler() },
                level: level
            ),
            events: made.continuation
        )
        collector.recovery.start()
    }

    /// Replaces the configuration file.
    func configure(_ more: String) throws {
        try Self.write(more, to: configurationPath, data: folder.path)
    }

    private static func write(_ more: String, to path: String, data: String) throws {
        let yaml = """
            node: life
            sources:
              - name: producers
                pattern: pull
                bind: ["tcp://127.0.0.1:*"]
              - name: reliable
                pattern: router
                bind: ["tcp://127.0.0.1:*"]
            partition: { path: "channel={channel}" }
            ring: { capacity: 16MiB }
            writers: 1
            storage: { directory: "\(data)/data", minimumFree: 1MiB }
            control: { socket: "\(data)/control.sock" }

            """
        try Data((yaml + more).utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Pushes messages and waits until their events are received.
    func push(_ payloads: [String], until events: Int) async throws {
        let socket = try Socket(.push, in: context)
        try socket.setLinger(.seconds(5))
        try socket.setSendTimeout(.seconds(20))
        try socket.connect(collector.pipeline.endpoints[0][0])
        for payload in payloads {
            let bytes = Array(payload.utf8)
            _ = try bytes.withUnsafeBytes { try socket.send($0, more: false, wait: true) }
        }
        try await waitUntil("\(events) events to come in") {
            collector.pipeline.snapshot().sources[0].ledger.received == events
        }
    }

    func recovered() async throws {
        try await waitUntil("recovery to end") { collector.recovery.hasEnded }
    }

    func drain() async -> Bool {
        await collector.pipeline.drain(
            deadline: SystemClock.monotonicNanoseconds + 30_000_000_000
        )
    }
}
