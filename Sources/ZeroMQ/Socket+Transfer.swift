import CZeroMQ

extension Socket {
    /// Receives one frame into `message`, and frees its previous content.
    ///
    /// With `wait` it waits for ``setReceiveTimeout(_:)``, or without limit if none is set; a
    /// signal restarts that time. `EINTR` is handled in this file only.
    ///
    /// - Returns: false if no frame was there, or none arrived in time.
    package func receive(_ message: inout Message, wait: Bool) throws(ZeroMQError) -> Bool {
        let flags = wait ? 0 : ZMQ_DONTWAIT
        while zmq_msg_recv(message.raw, handle, flags) < 0 {
            guard try canRetry("receive") else { return false }
        }
        return true
    }

    /// Sends a copy of `bytes` as one frame; `more` announces further frames of the same message.
    ///
    /// Sent means queued in libzmq, no more than that.
    ///
    /// - Returns: false if it would have to wait, or waited longer than ``setSendTimeout(_:)``.
    /// - Throws: if the context was shut down; from a mandatory router also if the peer is unknown
    ///   (`EHOSTUNREACH`).
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

    /// Sends the content of `message` as one frame without copying it; `message` is empty after
    /// success and unchanged otherwise.
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

    /// Classifies a failed call: true to retry, false if it would have blocked; else throws.
    private func canRetry(_ operation: String) throws(ZeroMQError) -> Bool {
        let code = zmq_errno()
        if code == EINTR { return true }
        if code == EAGAIN { return false }
        throw ZeroMQError(errno: code, operation: operation, subject: subject)
    }
}
