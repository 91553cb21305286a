import CZeroMQ

/// The I/O threads and the socket table of libzmq; one per process is enough.
///
/// Any thread may use it. Sockets keep it alive, so it ends after the last of them. Its end waits
/// for messages that still linger in closed sockets: see ``Socket/setLinger(_:)``.
package final class Context: Sendable {
    /// libzmq's contexts are thread-safe by contract.
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    package static let socketsMaxDefault = 1_024

    /// Creates a context; libzmq starts its threads with the first socket.
    ///
    /// - Parameters:
    ///   - ioThreads: threads for network I/O; one per gigabyte per second.
    ///   - socketsMax: sockets that may be open at once, monitors included.
    /// - Throws: if a number is out of range, or descriptors or memory are exhausted.
    package init(
        ioThreads: Int = 1,
        socketsMax: Int = Context.socketsMaxDefault
    ) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else { throw .last("create", "context") }
        self.handle = handle
        try set(ZMQ_IO_THREADS, ioThreads, named: "ioThreads")
        try set(ZMQ_MAX_SOCKETS, socketsMax, named: "socketsMax")
    }

    /// Makes every blocking call on this context's sockets, current and future, throw an error
    /// whose ``ZeroMQError/isTerminated`` is true.
    ///
    /// Any thread may call it, any number of times.
    package func shutdown() {
        zmq_ctx_shutdown(handle)
    }

    deinit {
        while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }

    private func set(_ option: Int32, _ value: Int, named name: String) throws(ZeroMQError) {
        guard zmq_ctx_set(handle, option, Int32(clamping: value)) == 0 else {
            throw .last("set", "\(name) to \(value)")
        }
    }
}
