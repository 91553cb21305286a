import Foundation
import Glibc
import Testing

@testable import Daemon

@Suite struct MetricsServerTests {
    /// A running server and what it answers to raw requests.
    private func withServer(
        _ body: (Int) async throws -> Void
    ) async throws {
        let server = MetricsServer(listen: "127.0.0.1:0") {
            [Metric("touchpoint_up", help: "Whether it runs.", kind: .gauge, value: 1)]
        }
        let port = try await server.start()
        #expect(await server.port == port)
        do {
            try await body(port)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        await server.stop()
        #expect(await server.port == nil)
        #expect(throws: (any Error).self) { try HTTPClient.connect(port) }
    }

    @Test func answersAScrape() async throws {
        try await withServer { port in
            let answer = try HTTPClient.ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Type: text/plain; version=0.0.4"))
            #expect(answer.hasSuffix("# TYPE touchpoint_up gauge\ntouchpoint_up 1\n"))
            let query = try HTTPClient.ask(port, "GET /metrics?x=1 HTTP/1.0\r\n\r\n")
            #expect(query.hasSuffix("touchpoint_up 1\n"))
        }
    }

    @Test func answersHeadAsGetWithoutTheText() async throws {
        try await withServer { port in
            let whole = try HTTPClient.ask(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try HTTPClient.ask(port, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            let end = try #require(whole.range(of: "\r\n\r\n"))
            #expect(head == String(whole[..<end.upperBound]))
            #expect(head.contains("Content-Length: "))
            let nothing = try HTTPClient.ask(port, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(nothing.hasPrefix("HTTP/1.1 404 ") && nothing.hasSuffix("\r\n\r\n"))
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", "200 OK", "touchpointd: metrics for Prometheus are at /metrics\n"),
        ("GET /metric HTTP/1.1", "404 Not Found", "nothing here; metrics are at /metrics\n"),
        ("POST /metrics HTTP/1.1", "405 Method Not Allowed", "only GET and HEAD\n"),
        ("DELETE /x HTTP/1.1", "405 Method Not Allowed", "only GET and HEAD\n"),
    ])
    func answersEverythingElse(request: String, status: String, body: String) async throws {
        try await withServer { port in
            let answer = try HTTPClient.ask(port, "\(request)\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n\(body)"))
            #expect(answer.contains("Allow: GET, HEAD\r\n") == status.hasPrefix("405"))
        }
    }

    @Test func survivesGarbageAndEndlessHeads() async throws {
        try await withServer { port in
            for request in [
                "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                "GET /\(String(repeating: "x", count: 200_000)) HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 200_000))\r\n\r\n",
            ] {
                let answer = try HTTPClient.ask(port, request)
                #expect(!answer.contains(" 200 "), "\(request.prefix(20))")
            }
            let answer = try HTTPClient.ask(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func connectionsAreLimited() async throws {
        try await withServer { port in
            let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            let silent = try (0..<MetricsServer.connectionsMax + 20).map { _ in
                try HTTPClient.connect(port)
            }
            defer { silent.forEach { close($0) } }
            // Those without a request are closed, the oldest first.
            for _ in 0..<5 {
                #expect(try HTTPClient.ask(port, request).hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            #expect(try HTTPClient.hasEnded(silent[0]))
            #expect(try HTTPClient.hasEnded(silent[19]))
        }
    }

    @Test func aRequestHasToBeWholeInTime() async throws {
        let server = MetricsServer(listen: "127.0.0.1:0", requestMax: .milliseconds(300)) { [] }
        let port = try await server.start()
        let slow = try HTTPClient.connect(port)
        defer { close(slow) }
        // A byte now and then: the connection is never silent for long, its request never complete.
        let started = ContinuousClock.now
        for byte in Array("GET /metrics HTTP/1.1\r\nHost: slow".utf8) {
            guard HTTPClient.push(slow, [byte]) else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try HTTPClient.hasEnded(slow))
        #expect(ContinuousClock.now - started >= .milliseconds(300))
        await server.stop()
    }

    @Test func aTakenPortIsExplained() async throws {
        try await withServer { port in
            let second = MetricsServer(listen: "127.0.0.1:\(port)") { [] }
            let error = await #expect(throws: MetricsServerError.self) { try await second.start() }
            let text = error?.description ?? ""
            #expect(text.hasPrefix("cannot listen on 127.0.0.1:\(port) for metrics: "))
            #expect(text.contains("Address already in use"))
        }
    }
}

/// A minimal client that sees the server's bytes.
private enum HTTPClient {
    /// The answer until the server closes; empty when it closed at once.
    static func ask(_ port: Int, _ request: String) throws -> String {
        let descriptor = try connect(port)
        defer { close(descriptor) }
        // A server that refuses closes before it has read everything: that is no failure here.
        let bytes = Array(request.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { break }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EAGAIN {
                throw Failure(what: "waited 30 s for the server to answer and close")
            }
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += chunk[..<count]
        }
    }

    /// Sends without waiting; returns false when the other end has closed.
    static func push(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        } == bytes.count
    }

    /// Whether the server ends the connection within the read timeout of 30 s.
    static func hasEnded(_ descriptor: Int32) throws -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        if count < 0, errno == EAGAIN { throw Failure(what: "waited 30 s for the end") }
        return count <= 0
    }

    static func connect(_ port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(what: "socket") }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw Failure(what: "connect")
        }
        return descriptor
    }

    struct Failure: Error {
        let what: String
    }
}
