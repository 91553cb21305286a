import CZeroMQ

extension Socket {
    /// Receives one frame into `message`, whose earlier content is let go.
    ///
    /// `wait` waits for ``setReceiveTimeout(_:)``, without one for ever; an interrupting signal
    /// starts that time anew. `EINTR` is dealt with here and nowhere else.
    ///
    /// - Returns: false when there was nothing, or nothing in time.
    package func receive(_ message: inout Message, wait: Bool) throws(ZeroMQError) -> Bool {
        let flags = wait ? 0 : ZMQ_DONTWAIT
        while zmq_msg_recv(message.raw, handle, flags) < 0 {
            guard try canRetry("receive") else { return false }
        }
        return true
    }

    /// Sends a copy of `bytes` as one frame; `more` says that further frames of the message follow.
    ///
    /// Sent means queued in libzmq, no more than that.
    ///
    /// - Returns: false when it would have to wait, or waited longer than ``setSendTimeout(_:)``.
    /// - Throws: when the context was shut down; from a mandatory router also when the peer is
    ///   unknown (`EHOSTUNREACH`).
    package func send(
        _ bytes: UnsafeRawBufferPointer,
        more: Bool,
        wait: Bool
    ) throws(ZeroMQError) -> Bool {
        let flags = (more ? ZMQ_SNDMORE : 0) | (wait ? 0 : ZMQ_DONTWAIT)
        while zmq_send(handle, bytes.baseAddress, bytes.count, flags) < 0 {
            guard try canRetry("send") else { return false }
        }
        return true
    }

    /// Sends the content of `message` as one frame without copying it; the message is empty after
    /// success and untouched otherwise.
    package func send(
        _ message: inout Message,
        more: Bool,
        wait: Bool
    ) throws(ZeroMQError) -> Bool {
        let flags = (more ? ZMQ_SNDMORE : 0) | (wait ? 0 : ZMQ_DONTWAIT)
        while zmq_msg_send(message.raw, handle, flags) < 0 {
            guard try canRetry("send") else { return false }
        }
        return true
    }

    /// Sorts a failed call: true to repeat it, false when it would have blocked, else an error.
    private func canRetry(_ operation: String) throws(ZeroMQError) -> Bool {
        let code = zmq_errno()
        if code == EINTR { return true }
        if code == EAGAIN { return false }
        throw ZeroMQError(errno: code, operation: operation, subject: subject)
    }
}
