import Foundation
import Synchronization
import TestSupport
import Testing
import ZeroMQ
import ZeroMQSource

@testable import Intake
@testable import ZMTPSource

/// Where a listener listens.
@Suite struct ListenerEndpointsTests {
    private func configuration(_ bind: String...) -> SourceConfiguration {
        var configuration = SourceConfiguration.local(.pull)
        configuration.bind = bind
        return configuration
    }

    @Test func onAUnixSocket() throws {
        let folder = try TemporaryFolder(prefix: "listen")
        let path = "\(folder.path)/s"
        do {
            let bench = try IntakeBench(.listener, configuration("ipc://\(path)"))
            let peer = try Peer(.push, bench.endpoint, in: Context())
            try peer.send("one")
            try bench.run(until: "the message came") { $0.all.map(\.text) == ["one"] }
            let number = bench.all[0].record.withUnsafeBytes { IntakeRecord($0).peer }
            let name = try #require(bench.shared.peerBook.name(of: number))
            #expect(name.hasPrefix("ipc://"))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o660)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Needs the address ::1, which a system without IPv6 lacks: then it fails at its bind.
    @Test func onIPv6() throws {
        let bench = try IntakeBench(.listener, configuration("tcp://[::1]:*"))
        #expect(bench.endpoint.hasPrefix("tcp://[::1]:"))
        let peer = try RawPeer(bench.endpoint)
        try peer.send(RawBytes.opening(as: "PUSH") + RawBytes.message("one"))
        try bench.run(until: "the message came") { $0.all.map(\.text) == ["one"] }
        let number = bench.all[0].record.withUnsafeBytes { IntakeRecord($0).peer }
        let name = try #require(bench.shared.peerBook.name(of: number))
        #expect(name.hasPrefix("tcp://[::1]:"))
        #expect(PeerNotices.host(of: name) == "tcp://[::1]")
    }

    @Test func onSeveralAtOnce() throws {
        let folder = try TemporaryFolder(prefix: "listen")
        let bench = try IntakeBench(
            .listener,
            configuration("tcp://127.0.0.1:*", "ipc://\(folder.path)/s", "tcp://127.0.0.1:0")
        )
        #expect(Set(bench.endpoints).count == 3)
        let peers = try bench.endpoints.map { try RawPeer($0) }
        for peer in peers { try peer.send(RawBytes.opening(as: "PUSH") + RawBytes.message("in")) }
        try bench.run(until: "three messages came") { $0.all.count == 3 }
    }

    @Test func aPortInUseIsAnErrorThatNamesIt() throws {
        let bench = try IntakeBench(.listener, configuration("tcp://127.0.0.1:*"))
        let endpoint = bench.endpoint
        let error = #expect(throws: IntakeError.self) {
            _ = try IntakeBench(.listener, configuration(endpoint))
        }
        #expect(error?.description.contains(endpoint) == true)
        #expect(error?.description.contains("'test'") == true)
    }

    @Test(arguments: [(false, "is gone"), (true, "is another's")])
    func aSocketFileThatIsMissingOrReplacedIsToldOnce(isReplaced: Bool, what: String) throws {
        let folder = try TemporaryFolder(prefix: "listen")
        let path = "\(folder.path)/s"
        let bench = try IntakeBench(.listener, configuration("ipc://\(path)"))
        _ = try bench.work()
        #expect(bench.takeNotices().isEmpty)
        try FileManager.default.removeItem(atPath: path)
        if isReplaced { try Data().write(to: URL(fileURLWithPath: path)) }
        try bench.pass(seconds: 21)
        #expect(bench.takeNotices().map(\.kind) == [.socketFileGone])
        let problem = try #require(bench.shared.problem.withLock { $0 })
        #expect(problem.contains(path) && problem.contains(what))
        for _ in 0..<3 { try bench.pass(seconds: 4_000) }
        #expect(bench.takeNotices().isEmpty)
    }
}
