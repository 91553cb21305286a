import Glibc
import Platform
import TestSupport
import Testing

@testable import Daemon

@Suite struct NotifierTests {
    @Test func sendsTheProtocolsMessages() throws {
        try TemporaryFolder.with { folder in
            let socket = try DatagramSocket(path: "\(folder)/notify")
            let notifier = Notifier(environment: ["NOTIFY_SOCKET": "\(folder)/notify"])
            #expect(notifier.isActive)
            notifier.ready(status: "running, 3 sources")
            #expect(try socket.receive() == "READY=1\nSTATUS=running, 3 sources")
            notifier.stopping(status: "draining")
            #expect(try socket.receive() == "STOPPING=1\nSTATUS=draining")
            notifier.status("two\nlines")
            #expect(try socket.receive() == "STATUS=two\\nlines")
            notifier.watchdog()
            #expect(try socket.receive() == "WATCHDOG=1")
            notifier.extendTimeout(.milliseconds(2500))
            #expect(try socket.receive() == "EXTEND_TIMEOUT_USEC=2500000")
        }
    }

    @Test func reloadingCarriesTheMonotonicClock() throws {
        try TemporaryFolder.with { folder in
            let socket = try DatagramSocket(path: "\(folder)/notify")
            let before = monotonicMicroseconds()
            Notifier(environment: ["NOTIFY_SOCKET": "\(folder)/notify"]).reloading()
            let message = try socket.receive()
            let match = try #require(message.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)/))
            let sent = try #require(Int64(match.output.1))
            #expect((before...monotonicMicroseconds()).contains(sent))
        }
    }

    @Test func reachesAbstractSockets() throws {
        let name = "@touchpoint-notify-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let socket = try DatagramSocket(path: name)
        Notifier(environment: ["NOTIFY_SOCKET": name]).watchdog()
        #expect(try socket.receive() == "WATCHDOG=1")
    }

    @Test(arguments: [
        [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "@"], ["NOTIFY_SOCKET": "vsock:1:2"],
        ["NOTIFY_SOCKET": "/nowhere/notify"],
        ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)],
    ])
    func saysNothingWhereNobodyListens(environment: [String: String]) {
        let notifier = Notifier(environment: environment)
        notifier.ready(status: "x")
        notifier.reloading()
        notifier.stopping(status: "x")
        notifier.status("x")
        notifier.watchdog()
        notifier.extendTimeout(.seconds(Int64.max))
        #expect(notifier.watchdogInterval == nil)
    }

    @Test func watchdogIntervalIsForThisProcessOnly() {
        func interval(_ environment: [String: String]) -> Duration? {
            Notifier(environment: environment).watchdogInterval
        }
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(
            interval(["WATCHDOG_USEC": "500000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(0.5)
        )
        #expect(interval(["WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
    }

    private func monotonicMicroseconds() -> Int64 { SystemClock.monotonicNanoseconds / 1_000 }
}

/// systemd's end of the notify socket.
private final class DatagramSocket {
    private let descriptor: Int32

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        // A message that never arrives fails the test after ten seconds instead of hanging it.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        let address = try #require(UnixAddress(name: path))
        let result = address.bind(descriptor)
        try #require(result == 0, "bind \(path): \(SystemError(code: result))")
    }

    deinit { close(descriptor) }

    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count >= 0, "waited 10 s for a notification")
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
