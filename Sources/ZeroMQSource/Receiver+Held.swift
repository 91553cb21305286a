import Intake
import Platform
import Synchronization
import ZeroMQ

/// What is done while intake is held, and when it goes on.
extension Receiver {
    /// Whether requests are taken out of libzmq now, to be put into rings later.
    ///
    /// Those of routers only: pull and sub leave theirs where producers feel them. Left in libzmq, each
    /// connection that comes and goes would keep its queue and all around it for as long as intake is
    /// held.
    var isSweeping: Bool { isRouter && !lane.isHolding && lane.hasRoomForHeld }

    /// Takes requests out of libzmq while intake is held, as far as there is room; returns how many.
    ///
    /// Without room, those whose connection has ended give theirs: nobody can be answered, and whoever
    /// still wants to know asks again.
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

    /// Answers what was held, instead of taking it in; returns how many.
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
