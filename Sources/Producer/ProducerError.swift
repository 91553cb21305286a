import Glibc
package import ZeroMQ

/// Why publishing stopped before its end.
package enum ProducerError: Error, Equatable, CustomStringConvertible {
    /// A file could not be opened, read or written.
    case file(operation: String, path: String, errno: Int32)
    /// A line of a file is longer than a line may be.
    case lineTooLong(path: String, line: Int, bytesMax: Int)
    /// A file is neither text nor gzip, or its gzip is not whole.
    case damaged(path: String, reason: String)
    /// Nobody took the connection in time.
    case unreachable(endpoint: String, after: Duration)
    /// The other end neither took nor acknowledged anything for too long.
    case stalled(endpoint: String, after: Duration, waitingFor: String)
    /// The connection broke while messages went out that nobody acknowledges.
    case brokenOff(endpoint: String, times: Int, longestMessage: Int)
    /// libzmq refused, for example the endpoint.
    case zeroMQ(ZeroMQError)

    /// One line for a person.
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

    /// The program's exit code for it (sysexits.h).
    package var exitCode: Int32 {
        switch self {
        case .file: 74
        case .lineTooLong, .damaged: 65
        case .unreachable, .stalled, .brokenOff: 69
        case .zeroMQ(let error): error.errno == EINVAL ? 64 : 69
        }
    }
}
