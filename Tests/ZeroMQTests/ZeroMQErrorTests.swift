import Glibc
import TestSupport
import Testing
import ZeroMQ

@Suite struct ZeroMQErrorTests {
    @Test func namesTheEndpointThatIsInUseAndWhatToDo() throws {
        let context = try Context()
        let first = try Socket(.pull, in: context)
        try first.bind(ZeroMQEndpoints.anyPort)
        let endpoint = try first.lastEndpoint
        let second = try Socket(.pull, in: context)
        let error = try #require(throws: ZeroMQError.self) { try second.bind(endpoint) }
        #expect(error == ZeroMQError(errno: EADDRINUSE, operation: "bind", subject: endpoint))
        #expect(
            error.description == """
                bind \(endpoint): Address already in use \
                (another program listens there: stop it, or choose another port or path)
                """
        )
        #expect(!error.isTerminated)
    }

    @Test(arguments: [
        ("nonsense", EINVAL, "an endpoint reads tcp://"),
        ("gopher://x", EPROTONOSUPPORT, "use tcp://"),
        ("tcp://no-such-interface:1", ENODEV, "no network interface"),
        ("tcp://192.0.2.1:5571", EADDRNOTAVAIL, "no such address"),
        ("ipc:///tmp/no/such/folder/s", ENOENT, "create it"),
        ("ipc:///tmp/" + String(repeating: "x", count: 200), ENAMETOOLONG, "107 bytes"),
    ])
    func saysWhatToDoAbout(endpoint: String, code: Int32, advice: String) throws {
        let context = try Context()
        let socket = try Socket(.pull, in: context)
        let error = try #require(throws: ZeroMQError.self) { try socket.bind(endpoint) }
        #expect(error.errno == code)
        #expect(error.description.hasPrefix("bind \(endpoint): "))
        #expect(error.description.contains(advice))
    }

    @Test func refusesImpossibleOptions() throws {
        let context = try Context()
        let socket = try Socket(.pull, in: context)
        let error = try #require(throws: ZeroMQError.self) { try socket.set(4711, 1) }
        #expect(error.description.hasPrefix("set socket option 4711 of pull socket: "))
    }

    @Test func refusesAContextWithoutSockets() throws {
        let error = try #require(throws: ZeroMQError.self) { try Context(socketsMax: 0) }
        #expect(error.description.hasPrefix("set socketsMax to 0: "))
    }
}
