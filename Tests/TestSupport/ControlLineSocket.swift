import Glibc
import Platform

/// A plain client of a Unix stream socket, like `socat`: sends bytes, receives lines.
///
/// Never blocks a thread, so that a server in the same process can continue. For one task.
package final class ControlLineSocket {
    private let fd: Int32
    private var received: [UInt8] = []
    /// The number of received bytes that were searched and contain no line end.
    private var scanned = 0
    private var isAtEnd = false

    package init(path: String) throws {
        fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = UnixAddress(path: path)?.connect(fd) ?? ENAMETOOLONG
        guard result == 0, fcntl(fd, F_SETFL, O_NONBLOCK) == 0 else {
            throw TestFailure("connecting to \(path): \(SystemError(code: result))")
        }
    }

    deinit { close(fd) }

    /// Sends all of `text`.
    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends all of `bytes`; throws if the other end is gone.
    package func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        try await waitUntil("room to send \(bytes.count) bytes") {
            let sent = rest.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno != EAGAIN {
                throw TestFailure("sending: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(max(0, sent))
            return rest.isEmpty
        }
    }

    /// Closes the sending direction.
    package func finishSending() { shutdown(fd, Int32(SHUT_WR)) }

    /// Returns the next line without its end.
    package func line() async throws -> String {
        var end: Int?
        try await waitUntil("a line, having \(received.count) bytes") {
            end = lineEnd()
            guard end == nil else { return true }
            readMore()
            end = lineEnd()
            if isAtEnd, end == nil {
                throw TestFailure("the connection ended where a line was expected")
            }
            return end != nil
        }
        let length = end ?? received.count
        defer {
            received.removeSubrange(...length)
            scanned = 0
        }
        return String(decoding: received[..<length], as: UTF8.self)
    }

    /// Searches each byte once, however long the line becomes.
    private func lineEnd() -> Int? {
        let end = received[scanned...].firstIndex(of: 0x0A)
        scanned = end ?? received.count
        return end
    }

    /// Waits for the end of the connection and returns everything received before it, read or not.
    package func untilEnd() async throws -> String {
        try await waitUntil("the end of the connection") {
            readMore()
            return isAtEnd
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether the other end has closed, determined without reading.
    package var hasHungUp: Bool {
        var state = pollfd(fd: fd, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLHUP) != 0
    }

    private func readMore() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(fd, &buffer, buffer.count)
        if count > 0 { received += buffer[..<count] }
        if count == 0 || count < 0 && errno != EAGAIN { isAtEnd = true }
    }
}
