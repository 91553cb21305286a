import Foundation
import Synchronization
import TestSupport

@testable import Control

/// A control server on a socket in a temporary folder.
final class ServerBench: Sendable {
    let folder: String
    let path: String
    let handler: HandlerDouble
    let server: ControlServer
    private let recorded: Records

    /// The records that the server passed to `onChange`.
    private final class Records: Sendable {
        let list = Mutex<[ChangeRecord]>([])
    }

    var changes: [ChangeRecord] { recorded.list.withLock { $0 } }

    private init(
        handler: HandlerDouble,
        work: (inout ControlHandler) -> Void,
        change: (inout ControlServer.Configuration) -> Void
    ) {
        folder = FileManager.default.temporaryDirectory.path + "/control-\(UUID().uuidString)"
        path = folder + "/run/control.sock"
        self.handler = handler
        let records = Records()
        recorded = records
        var configuration = ControlServer.Configuration(path: path)
        change(&configuration)
        var filled = handler.handler
        work(&filled)
        server = ControlServer(
            configuration: configuration,
            handler: filled,
            onChange: { record in records.list.withLock { $0.append(record) } }
        )
    }

    /// Runs `body` with a running server, and removes everything afterwards.
    static func run(
        handler: HandlerDouble = HandlerDouble(),
        connectionsMax: Int = 64,
        unreadMax: Duration = .seconds(10),
        idleMax: Duration = .seconds(30),
        work: (inout ControlHandler) -> Void = { _ in },
        _ body: (ServerBench) async throws -> Void
    ) async throws {
        let bench = ServerBench(handler: handler, work: work) { configuration in
            configuration.connectionsMax = connectionsMax
            configuration.unreadMax = unreadMax
            configuration.idleMax = idleMax
        }
        defer { try? FileManager.default.removeItem(atPath: bench.folder) }
        try await bench.server.start()
        do {
            try await body(bench)
        } catch {
            await bench.server.stop()
            throw error
        }
        await bench.server.stop()
    }

    func connect() throws -> ControlLineSocket { try ControlLineSocket(path: path) }
}

/// Returns the error code in an answer line, or nil if it is no error.
func errorCode(_ line: String) -> String? {
    ControlClient.refusal(in: Data(line.utf8))?.code
}
