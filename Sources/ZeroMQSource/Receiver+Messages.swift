import Intake
import Platform
import Synchronization
import Wire
import ZeroMQ

/// Receiving messages.
extension Receiver {
    /// Receives the messages of a round without waiting, puts them into a ring, and publishes them
    /// to the writer with one store.
    ///
    /// Returns how many were received.
    mutating func receiveBatch() throws(ZeroMQError) -> Int {
        let receivedAt = SystemClock.wallMicroseconds
        var count = 0
        lane.begin()
        if lane.isHolding {
            guard lane.offer(record(message.bytes, receivedAt)) else { return 0 }
            count += 1
        }
        if lane.hasHeld, !lane.putHeld(&count) {
            lane.end(messages: count)
            return count
        }
        while lane.hasRoomInRound(count) {
            guard let payload = try receiveMessage() else {
                hasEmptied = count > 0
                watch.wasEmptied = true
                break
            }
            guard lane.offer(record(payload, receivedAt)) else { break }
            count += 1
        }
        lane.end(messages: count)
        return count
    }

    /// The record of a message.
    @inline(__always)
    func record(_ payload: UnsafeRawBufferPointer, _ receivedAt: Int64) -> IntakeRecord {
        var record = IntakeRecord(
            source: lane.index,
            isAnswered: isRouter,
            peer: address.peer,
            receivedAt: receivedAt,
            returnAddress: address.bytes,
            payload: payload
        )
        record.note = note
        return record
    }

    /// Receives one message, whose payload is in `message` until the next; nil when there is none.
    ///
    /// Invalid messages are answered and skipped.
    mutating func receiveMessage() throws(ZeroMQError) -> UnsafeRawBufferPointer? {
        while try sockets.socket.receive(&message, wait: false) {
            var fault: Fault?
            frameBytes = 0
            if isRouter {
                fault = try receiveRequest()
            } else if message.hasMore {
                try takeLastFrame()
            } else if configuration.topicIsChannel {
                forgetTopic()
            }
            let payload = message.bytes
            try attribute(payload.count)
            if fault == nil, payload.count <= payloadBytesMax { return payload }
            try reject(fault ?? .tooLarge)
        }
        return nil
    }

    /// Why a message is refused as a whole.
    enum Fault: String {
        case tooLarge = "too_large"
        case missingPayload = "missing_payload"
        case tooManyFrames = "too_many_frames"
        case requestIDTooLong = "request_id_too_long"
        /// A routing id longer than ZeroMQ's limit cannot be answered.
        case routingIDTooLong = "routing_id_too_long"
        /// What ZMQ_PROBE_ROUTER sends at each connect; not a message.
        case probe
    }

    @inline(never)
    private mutating func reject(_ fault: Fault) throws(ZeroMQError) {
        if fault == .probe { return }
        shared.rejected.wrappingAdd(1, ordering: .relaxed)
        if fault == .routingIDTooLong { return refuseName() }
        if isRouter { try refuse(.rejected(fault.rawValue)) }
    }

    /// Finds the connection of the message, and counts its bytes.
    ///
    /// libzmq answers by a search in a map, so it is asked only where nothing else tells: for a
    /// router a repeated routing id, for others the existence of only one connection.
    private mutating func attribute(_ payloadCount: Int) throws(ZeroMQError) {
        let isKnown = address.isRepeated && lookedUpAt == table.changes
        var peer = isRouter ? (isKnown ? address.peer : 0) : table.only
        if peer == 0 {
            peer = table.number(of: message.sourceDescriptor ?? -1)
            if peer == 0 { peer = try numberOfNewcomer() }
            lookedUpAt = table.changes
        }
        address.peer = peer
        if table.receivedBytes[Int(peer)] == 0 { meet(peer) }
        table.receivedBytes[Int(peer)] &+= UInt64(
            truncatingIfNeeded: frameBytes &+ Self.wireBytes(payloadCount)
        )
    }

    /// Bytes of a frame on the wire, for a payload of `count` bytes.
    static func wireBytes(_ count: Int) -> Int { count + (count < 256 ? 2 : 9) }

    @inline(never)
    private mutating func takeLastFrame() throws(ZeroMQError) {
        if configuration.topicIsChannel { takeTopic() }
        while message.hasMore {
            frameBytes += Self.wireBytes(message.bytes.count)
            guard try sockets.socket.receive(&message, wait: true) else { return }
        }
    }

    /// Reads the frames after the routing id, which is in `message`: the envelope and the payload.
    ///
    /// The envelope of a DEALER is the request id or nothing, that of a REQ an empty frame; a
    /// device on the way adds a frame in front. Returns why the message is invalid, or nil.
    private mutating func receiveRequest() throws(ZeroMQError) -> Fault? {
        var fault: Fault? = address.begin(message.bytes) ? nil : .routingIDTooLong
        guard message.hasMore, try sockets.socket.receive(&message, wait: true) else {
            return fault ?? .missingPayload
        }
        if !message.hasMore, message.bytes.isEmpty { return fault ?? .probe }
        while message.hasMore {
            frameBytes += Self.wireBytes(message.bytes.count)
            if fault == nil || fault == .requestIDTooLong {
                switch address.add(message.bytes) {
                case .added: break
                case .shortened: fault = .requestIDTooLong
                case .refused: fault = .tooManyFrames
                }
            }
            guard try sockets.socket.receive(&message, wait: true) else {
                return fault ?? .missingPayload
            }
        }
        return fault
    }

    /// Answers every request that has arrived with "unavailable".
    mutating func refuseBatch() throws(ZeroMQError) -> Int {
        var count = 0
        if lane.isHolding {
            lane.stopHolding()
            try refuse(.unavailable("draining"))
            count += 1
        }
        count += try refuseHeld(.unavailable("draining"))
        while count < Lane.messagesPerRound, try sockets.socket.receive(&message, wait: false) {
            frameBytes = 0
            let fault = try receiveRequest()
            try attribute(message.bytes.count)
            count += 1
            if fault == .probe || fault == .routingIDTooLong { continue }
            try refuse(.unavailable("draining"))
        }
        return count
    }

    @inline(never)
    mutating func refuse(_ answer: Answer) throws(ZeroMQError) {
        try send(answer, to: AddressParts(address.bytes), of: address.peer)
    }
}
