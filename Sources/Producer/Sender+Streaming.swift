import Glibc
import ZeroMQ

/// Push and pub: a message counts as sent once libzmq has taken it; there are no acknowledgements.
extension Sender {
    mutating func stream(
        _ source: inout some EventSource,
        to socket: borrowing Socket,
        using watch: inout ConnectionWatch
    ) throws {
        let topic = Array(configuration.topic.utf8)
        while !interrupted() {
            let wait = pause()
            if wait > .zero {
                usleep(UInt32(min(wait / .microseconds(1), 100_000)))
                continue
            }
            let events = nextPayload(&source)
            if events == 0 { break }
            if configuration.pattern == .pub { try hand(topic, more: true, to: socket) }
            guard try hand(payload, more: false, to: socket) else { break }
            countSent(events: events)
            if showProgress(total: source.total) { _ = try watch.look() }
        }
        showProgress(total: source.total, final: true)
    }

    /// Passes one frame to libzmq; returns false if interrupted while waiting for room.
    @discardableResult
    private func hand(
        _ frame: [UInt8],
        more: Bool,
        to socket: borrowing Socket
    ) throws -> Bool {
        var waited: Duration = .zero
        while try !frame.withUnsafeBytes({ try socket.send($0, more: more, wait: true) }) {
            if interrupted() { return false }
            waited += .milliseconds(100)
            guard waited < configuration.timeout else {
                try socket.setLinger(.zero)
                throw ProducerError.stalled(
                    endpoint: configuration.endpoint,
                    after: configuration.timeout,
                    waitingFor: "room in the queue"
                )
            }
        }
        return true
    }
}
