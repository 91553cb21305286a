import Intake
import Platform
import Synchronization
import Wire
import ZeroMQ

/// Handling of requests while intake is held, and when it resumes.
extension Receiver {
    /// Whether requests are moved out of libzmq now, to be put into rings later.
    ///
    /// Only for routers: pull and sub leave theirs in libzmq, where producers feel back-pressure. A
    /// router's requests left in libzmq would keep the queue of every ended connection allocated
    /// for as long as intake is held.
    var isSweeping: Bool { isRouter && !lane.isHolding && lane.hasRoomForHeld }

    /// Moves requests out of libzmq while intake is held and there is room; returns how many.
    ///
    /// Without room, it drops those whose connection has ended: no answer can be sent, and a client
    /// that still waits asks again.
    @inline(never)
    mutating func sweep() throws(ZeroMQError) -> Int {
        guard isRouter, !lane.isHolding else {
            try sockets.socket.settle()
            return 0
        }
        if !lane.hasRoomForHeld {
            let connections = table.connections
            lane.dropHeld { connections[$0] == nil }
        }
        let receivedAt = SystemClock.wallMicroseconds
        var count = 0
        while count < Lane.messagesPerRound, lane.hasRoomForHeld,
            let payload = try receiveMessage()
        {
            lane.keep(record(payload, receivedAt))
            count += 1
        }
        if count == 0 { try sockets.socket.settle() }
        return count
    }

    /// Answers the held requests instead of taking them in; returns how many.
    mutating func refuseHeld(_ answer: Answer) throws(ZeroMQError) -> Int {
        var count = 0
        while let record = lane.takeHeld() {
            let result = record.withUnsafeBytes { bytes in
                Result { () throws(ZeroMQError) in
                    let record = IntakeRecord(bytes)
                    try send(answer, to: AddressParts(record.returnAddress), of: record.peer)
                }
            }
            try result.get()
            count += 1
        }
        return count
    }
}
