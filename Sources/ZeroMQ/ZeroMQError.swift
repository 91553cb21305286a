import CZeroMQ

/// A failed libzmq call: the operation, its subject and the cause.
///
/// A call that would only have blocked is no error: it returns `false`.
package struct ZeroMQError: Error, Equatable, CustomStringConvertible {
    /// The cause as libzmq reports it: a system errno or one of its own (`ETERM`, …).
    package let errno: Int32
    /// The operation, as a verb: `bind`, `receive`, `set`.
    package let operation: String
    /// The object of the operation: an endpoint, or the name of an option.
    package let subject: String

    /// An error for a layer above that reports its own failure in the same form.
    package init(errno: Int32, operation: String, subject: String) {
        self.errno = errno
        self.operation = operation
        self.subject = subject
    }

    /// The failure that libzmq last recorded on the calling thread.
    static func last(_ operation: String, _ subject: String) -> ZeroMQError {
        ZeroMQError(errno: zmq_errno(), operation: operation, subject: subject)
    }

    /// Whether the context was shut down: the socket's owner then leaves its loop without a report.
    package var isTerminated: Bool { errno == ETERM }

    /// One line for people: `bind tcp://127.0.0.1:5571: Address already in use (…)`.
    package var description: String {
        let cause = String(cString: zmq_strerror(errno))
        guard let advice else { return "\(operation) \(subject): \(cause)" }
        return "\(operation) \(subject): \(cause) (\(advice))"
    }

    /// The remedy, where one is known.
    private var advice: String? {
        switch errno {
        case EADDRINUSE:
            "another program listens there: stop it, or choose another port or path"
        case EADDRNOTAVAIL:
            "this machine has no such address: see 'ip address'"
        case ENODEV:
            "no network interface of that name: give an address, or * for all"
        case ENOENT where subject.hasPrefix("ipc:"):
            "the folder of the socket file does not exist: create it"
        case EACCES, EPERM:
            subject.hasPrefix("ipc:")
                ? "the folder of the socket file must be writable for this user"
                : "ports below 1024 need the capability CAP_NET_BIND_SERVICE"
        case EINVAL where operation == "bind" || operation == "connect":
            "an endpoint reads tcp://ADDRESS:PORT or ipc:///PATH"
        case EPROTONOSUPPORT:
            "use tcp://, ipc:// or inproc://"
        case ENAMETOOLONG:
            "the path of an ipc socket has at most 107 bytes"
        case EMFILE:
            "raise the limit of open files (LimitNOFILE=, ulimit -n)"
        default:
            nil
        }
    }
}
