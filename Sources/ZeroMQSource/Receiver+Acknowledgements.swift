import Glibc
import Intake
import Synchronization
import Wire
import ZeroMQ

/// Sending answers.
extension Receiver {
    /// Sends every answer that committers have posted; returns how many.
    mutating func sendAcknowledgements() throws(ZeroMQError) -> Int {
        var count = 0
        while let posted = lane.nextAnswer() {
            try send(posted.answer, to: AddressParts(posted.returnAddress), of: posted.peer)
            count += 1
        }
        return count
    }

    /// Sends one answer, in JSON.
    func send(
        _ answer: Answer,
        to address: AddressParts,
        of peer: UInt16
    ) throws(ZeroMQError) {
        if answer.isPlain {
            let count = AnswerText.writeCommitted(events: answer.events, to: answerText)
            return try send(
                UnsafeRawBufferPointer(rebasing: answerText[..<count]),
                to: address,
                of: peer
            )
        }
        let result = Array(AnswerText.json(answer).utf8).withUnsafeBytes { text in
            Result { () throws(ZeroMQError) in try send(text, to: address, of: peer) }
        }
        try result.get()
    }

    /// Sends one answer: routing id, the unchanged envelope, the JSON.
    ///
    /// Drops and counts an answer that cannot be sent at once, or whose peer has too much waiting:
    /// its client asks again.
    private func send(
        _ text: UnsafeRawBufferPointer,
        to address: AddressParts,
        of peer: UInt16
    ) throws(ZeroMQError) {
        // Each frame stores its length; a long frame header covers more than all of these need.
        let bytes = address.envelope.count + text.count + 9
        guard table.admitsAnswer(to: peer, bytes: bytes), try sendFirst(address.routingID) else {
            shared.acknowledgementsDropped.wrappingAdd(1, ordering: .relaxed)
            return
        }
        var frames = EnvelopeFrames(address.envelope)
        while let frame = frames.next() {
            _ = try sockets.socket.send(frame, more: true, wait: true)
        }
        _ = try sockets.socket.send(text, more: false, wait: true)
        shared.acknowledged.wrappingAdd(1, ordering: .relaxed)
    }

    /// Sends the routing id; once the router has accepted it, the frames after it never block.
    private func sendFirst(_ routingID: UnsafeRawBufferPointer) throws(ZeroMQError) -> Bool {
        do throws(ZeroMQError) {
            return try sockets.socket.send(routingID, more: true, wait: false)
        } catch {
            if error.errno == EHOSTUNREACH { return false }
            throw error
        }
    }
}
