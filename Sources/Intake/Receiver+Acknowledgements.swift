import Glibc
import Ring
import Synchronization
import ZeroMQ

/// Answers out.
extension Receiver {
    /// Sends every answer that committers have posted; gives how many.
    mutating func sendAcknowledgements() throws(ZeroMQError) -> Int {
        var count = 0
        for at in 0..<ringCount {
            while let record = (acknowledgements + at).pointee.next() {
                let answer = Acknowledgement(record)
                try send(
                    identity: answer.identity,
                    requestID: answer.requestID,
                    answer: answer.answer
                )
                count += 1
            }
            (acknowledgements + at).pointee.release()
        }
        return count
    }

    /// Sends one answer: identity, the request id (REQ's is an empty frame; nil is none at all),
    /// the JSON.
    ///
    /// One that cannot be sent at once is dropped and counted: its client asks again.
    func send(
        identity: UnsafeRawBufferPointer,
        requestID: UnsafeRawBufferPointer?,
        answer: UnsafeRawBufferPointer
    ) throws(ZeroMQError) {
        guard try sendFirst(identity) else {
            shared.acknowledgementsDropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        if let requestID { _ = try sockets.socket.send(requestID, more: true, wait: true) }
        _ = try sockets.socket.send(answer, more: false, wait: true)
        shared.acknowledged.wrappingAdd(1, ordering: .relaxed)
    }

    /// Once a router has taken the identity, the frames behind it go the same way and never block.
    private func sendFirst(_ identity: UnsafeRawBufferPointer) throws(ZeroMQError) -> Bool {
        do throws(ZeroMQError) {
            return try sockets.socket.send(identity, more: true, wait: false)
        } catch {
            if error.errno == EHOSTUNREACH { return false }
            throw error
        }
    }
}
