import Glibc
import Synchronization

/// Endpoints that no other test uses.
package enum ZeroMQEndpoints {
    private static let counter = Atomic<Int>(0)

    /// A free loopback port, chosen by the system when bound.
    package static let anyPort = "tcp://127.0.0.1:*"

    /// Returns a unique `inproc` name.
    package static func inproc() -> String { "inproc://test-\(next())" }

    /// Returns a socket file in a new folder, which the caller must remove.
    package static func ipc() -> String {
        let folder = "/tmp/touchpoint-zmq-\(getpid())-\(next())"
        mkdir(folder, 0o700)
        return "ipc://\(folder)/s"
    }

    /// Removes the files that ``ipc()`` created for `endpoint`.
    package static func removeIPC(_ endpoint: String) {
        let path = String(endpoint.dropFirst("ipc://".count))
        unlink(path)
        rmdir(String(path.dropLast("/s".count)))
    }

    private static func next() -> Int {
        counter.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
