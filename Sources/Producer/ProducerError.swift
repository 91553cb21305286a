import Glibc
package import Wire
package import ZeroMQ

/// The reason why publishing ended early.
package enum ProducerError: Error, Equatable, CustomStringConvertible {
    /// A file could not be opened, read or written.
    case file(operation: String, path: String, errno: Int32)
    /// A line of a file exceeds the limit.
    case lineTooLong(path: String, line: Int, bytesMax: Int)
    /// A file is neither text nor gzip, or its gzip is incomplete.
    case damaged(path: String, reason: String)
    /// No connection was accepted in time.
    case unreachable(endpoint: String, after: Duration)
    /// No encrypted connection was accepted in time; the key is the producer's public one.
    case notAdmitted(endpoint: String, after: Duration, key: CurveKey)
    /// The loaded libzmq was built without CURVE.
    case noCurve(library: String)
    /// The other end neither accepted nor acknowledged anything for too long.
    case stalled(endpoint: String, after: Duration, waitingFor: String)
    /// The connection broke while unacknowledged messages were being sent.
    case brokenOff(endpoint: String, times: Int, longestMessage: Int)
    /// libzmq reported an error, for example about the endpoint.
    case zeroMQ(ZeroMQError)

    /// One line for people.
    package var description: String {
        switch self {
        case .file(let operation, let path, let code):
            "\(operation) \(path): \(String(cString: strerror(code)))"
        case .lineTooLong(let path, let line, let bytesMax):
            "read \(path): line \(line) is longer than \(bytesMax) bytes; is it NDJSON?"
        case .damaged(let path, let reason):
            "read \(path): \(reason); what stands before was sent"
        case .unreachable(let endpoint, let duration):
            "connect \(endpoint): nobody answered within \(duration); either no touchpointd listens there, or"
                + " its source has another pattern: push is for a pull source, dealer for a router source"
        case .notAdmitted(let endpoint, let duration, let key):
            "connect \(endpoint): no encrypted connection within \(duration); either no touchpointd "
                + "listens there with CURVE, or its key is not the one of --curve, or it does not "
                + "know this producer's public key \(key), or its source has another pattern"
        case .noCurve(let version):
            "encrypt: the libzmq \(version) of this machine was built without CURVE: install one "
                + "that has it, as Debian's libzmq5"
        case .stalled(let endpoint, let duration, let what):
            "send \(endpoint): no progress for \(duration) while waiting for \(what)"
        case .brokenOff(let endpoint, let times, let longest):
            "send \(endpoint): the connection broke \(times) times: what was under way then may be "
                + "lost. A message above the collector's limits.message breaks it; the longest had "
                + "\(longest) bytes"
        case .zeroMQ(let error):
            error.description
        }
    }

    /// The program's exit code for the error (sysexits.h).
    package var exitCode: Int32 {
        switch self {
        case .file: 74
        case .lineTooLong, .damaged: 65
        case .unreachable, .notAdmitted, .noCurve, .stalled, .brokenOff: 69
        case .zeroMQ(let error): error.errno == EINVAL ? 64 : 69
        }
    }
}
