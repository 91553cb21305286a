import CPlatform
import Ring
import Synchronization
import ZeroMQ

/// Messages in.
extension Receiver {
    /// Receives up to ``batchMax`` messages without waiting, puts them into a ring, and shows them
    /// to the writer with one store.
    ///
    /// Gives how many were received.
    mutating func receiveBatch() throws(ZeroMQError) -> Int {
        let receivedAt = cplatform_realtime_ns() / 1_000
        var count = 0
        chooseTarget()
        if isHolding {
            guard put(message.bytes, receivedAt) else {
                // The signal came for less room than is needed, and asks to be asked for again.
                hold()
                return 0
            }
            isHolding = false
            shared.stalled.store(false, ordering: .relaxed)
            count += 1
        }
        if !held.isEmpty, !putHeld(&count) {
            finishBatch(count)
            return count
        }
        while count < Self.batchMax, payloadBytes < Self.batchBytesMax {
            guard let payload = try receiveMessage() else {
                hasEmptied = count > 0
                watch.wasEmptied = true
                break
            }
            guard put(payload, receivedAt) else {
                hold()
                break
            }
            count += 1
        }
        finishBatch(count)
        return count
    }

    /// Shows a batch to the writers, and counts it.
    private mutating func finishBatch(_ count: Int) {
        for at in 0..<ringCount { (rings + at).pointee.publish() }
        shared.messages.store(
            shared.messages.load(ordering: .relaxed) &+ count,
            ordering: .relaxed
        )
        shared.bytes.store(
            shared.bytes.load(ordering: .relaxed) &+ payloadBytes,
            ordering: .relaxed
        )
        payloadBytes = 0
    }

    /// Stays with the first writer as long as it keeps up: then one file a partition grows, not one
    /// a writer.
    ///
    /// Once it is ``backlogBytes`` behind, the next takes part; when all are, the one that is least.
    private mutating func chooseTarget() {
        var least = Int.max
        for at in 0..<ringCount {
            let used = (rings + at).pointee.usedBytes()
            if used < least {
                target = at
                least = used
            }
            if used <= backlogBytes { break }
        }
        aheadBytes = least > backlogBytes ? least : 0
    }

    /// Puts the message into the target's ring, or into any that has room.
    private mutating func put(_ payload: UnsafeRawBufferPointer, _ receivedAt: Int64) -> Bool {
        let isPut =
            put(payload, receivedAt, target) || putElsewhere(payload, receivedAt)
        if isPut { payloadBytes += payload.count }
        return isPut
    }

    @inline(never)
    private mutating func putElsewhere(
        _ payload: UnsafeRawBufferPointer,
        _ receivedAt: Int64
    ) -> Bool {
        for at in 0..<ringCount where at != target && put(payload, receivedAt, at) {
            target = at
            return true
        }
        return false
    }

    private mutating func put(
        _ payload: UnsafeRawBufferPointer,
        _ receivedAt: Int64,
        _ ring: Int
    ) -> Bool {
        let record = record(payload, receivedAt)
        guard let room = (rings + ring).pointee.claim(record.byteCount) else { return false }
        record.write(to: room)
        return true
    }

    /// The record of a message.
    @inline(__always)
    func record(_ payload: UnsafeRawBufferPointer, _ receivedAt: Int64) -> IntakeRecord {
        IntakeRecord(
            source: index,
            isAnswered: isRouter,
            peer: address.peer,
            receivedAt: receivedAt,
            returnAddress: address.bytes,
            payload: payload
        )
    }

    /// Keeps the message that fits nowhere, and asks for a signal when there is room.
    @inline(never)
    private mutating func hold() {
        isHolding = true
        askForRoom()
    }

    /// Asks every writer for a signal when there is room.
    mutating func askForRoom() {
        shared.stalled.store(true, ordering: .relaxed)
        for at in 0..<ringCount {
            (rings + at).pointee.publish()
            // Room that appeared meanwhile: come back at once instead of waiting for the signal.
            if (rings + at).pointee.requestSpaceSignal() { shared.signal() }
        }
    }

    /// Receives one message, whose payload is in `message` until the next; nil when there is none.
    ///
    /// Messages that make no sense are answered and passed over.
    mutating func receiveMessage() throws(ZeroMQError) -> UnsafeRawBufferPointer? {
        while try sockets.socket.receive(&message, wait: false) {
            var fault: Fault?
            frameBytes = 0
            if isRouter {
                fault = try receiveRequest()
            } else if message.hasMore {
                try takeLastFrame()
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
        /// Nobody can be answered by a routing id that is longer than ZeroMQ's own.
        case routingIDTooLong = "routing_id_too_long"
        /// What ZMQ_PROBE_ROUTER sends at each connect; no message at all.
        case probe
    }

    @inline(never)
    private mutating func reject(_ fault: Fault) throws(ZeroMQError) {
        if fault == .probe { return }
        shared.rejected.wrappingAdd(1, ordering: .relaxed)
        if fault == .routingIDTooLong { return refuseName() }
        if isRouter { try refuse(.rejected(fault.rawValue)) }
    }

    /// Finds out by which connection the message came, and counts its bytes.
    ///
    /// libzmq tells by a search in a map, so it is asked only where nothing else says: of a router a
    /// routing id that is repeated, of others that there is but one connection.
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

    /// What a frame takes on the wire.
    static func wireBytes(_ count: Int) -> Int { count + (count < 256 ? 2 : 9) }

    @inline(never)
    private mutating func takeLastFrame() throws(ZeroMQError) {
        while message.hasMore {
            frameBytes += Self.wireBytes(message.bytes.count)
            guard try sockets.socket.receive(&message, wait: true) else { return }
        }
    }

    /// Reads what follows the routing id, which is in `message`: the envelope and the payload.
    ///
    /// Of a DEALER the envelope is the request id or nothing, of a REQ an empty frame, and a device
    /// on the way puts a frame in front. Gives why the message makes no sense, or nil.
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
        if isHolding {
            isHolding = false
            shared.stalled.store(false, ordering: .relaxed)
            try refuse(.unavailable("draining"))
            count += 1
        }
        count += try refuseHeld(.unavailable("draining"))
        while count < Self.batchMax, try sockets.socket.receive(&message, wait: false) {
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
