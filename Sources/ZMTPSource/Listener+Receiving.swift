import Glibc
import Intake
import Platform
import Synchronization
import Wire

/// Reading connections.
extension Listener {
    /// Reads per round, so that answers do not wait for those who send much and say nothing.
    private static let readsPerRound = 256
    /// Requests of a connection that may wait for their answers; beyond it the connection is not
    /// read.
    static let unansweredMax = 16_384

    /// What becomes of messages.
    enum Reception {
        /// They go into a ring.
        case taken
        /// They wait until intake resumes.
        case kept
        /// They are answered at once.
        case refused(Answer)
    }

    /// Receives the messages of a round, puts them into a ring, and publishes them to the writer
    /// with one store.
    ///
    /// Returns how many, and whether nothing was left.
    mutating func receive() -> (count: Int, isAll: Bool) {
        var count = 0
        lane.begin()
        defer { lane.end(messages: count) }
        if lane.hasHeld, !lane.putHeld(&count) { return (count, false) }
        let isAll = read(.taken, &count)
        return (count, isAll)
    }

    /// Answers every request that has arrived; returns how many.
    mutating func refuse(_ answer: Answer) -> Int {
        if lane.isHolding { lane.stopHolding() }
        var count = 0
        while let record = lane.takeHeld() {
            record.withUnsafeBytes { bytes in
                let record = IntakeRecord(bytes)
                send(answer, to: AddressParts(record.returnAddress), of: record.peer)
            }
            count += 1
        }
        _ = read(.refused(answer), &count)
        return count
    }

    /// Keeps the requests that a connection sent before it ended while intake was held.
    mutating func keepRequests(of number: UInt16) {
        guard !shared.requests.isDisjoint(with: .held) else { return }
        if let other = connections[buffer.number] {
            let before = other.pointee.input.byteCapacity
            buffer.park(&other.pointee, at: now)
            door.partialBytes += other.pointee.input.byteCapacity - before
        }
        while lane.hasRoomForHeld, connections[number] != nil {
            guard buffer.unpark(number) || fill(number) else { return }
            while buffer.number == number {
                var count = 0
                _ = take(.kept, &count, SystemClock.wallMicroseconds)
            }
        }
    }

    /// Reads connections in turn until the round is full; returns whether nothing was left.
    private mutating func read(_ reception: Reception, _ count: inout Int) -> Bool {
        let receivedAt = SystemClock.wallMicroseconds
        var reads = 0
        while lane.hasRoomInRound(count), reads < Self.readsPerRound {
            if buffer.number == 0, !buffer.unpark() {
                guard let number = connections.nextReadable() else { return true }
                reads += 1
                guard fill(number) else { continue }
            }
            guard take(reception, &count, receivedAt) else { return false }
        }
        return false
    }

    /// Reads a connection's socket; returns false when nothing came.
    private mutating func fill(_ number: UInt16) -> Bool {
        guard let connection = connections[number] else { return false }
        let before = connection.pointee.input.byteCapacity
        let count = buffer.fill(number, &connection.pointee)
        door.partialBytes += connection.pointee.input.byteCapacity - before
        if count > 0 {
            connection.pointee.heardAt = now
            return true
        }
        if count != -EAGAIN { end(number) }
        return false
    }

    /// Takes what is in the read buffer; returns false when no ring has room.
    private mutating func take(
        _ reception: Reception,
        _ count: inout Int,
        _ receivedAt: Int64
    ) -> Bool {
        let number = buffer.number
        guard let connection = connections[number] else {
            _ = buffer.forget(number)
            return true
        }
        if isRouter { nameAddress(connection.pointee.serial) }
        return takeMessages(number, connection, reception, &count, receivedAt)
    }

    /// Begins return addresses with a connection's name.
    private mutating func nameAddress(_ serial: UInt32) {
        withUnsafeBytes(of: serial) { _ = address.begin($0) }
    }

    private mutating func takeMessages(
        _ number: UInt16,
        _ connection: UnsafeMutablePointer<Connection>,
        _ reception: Reception,
        _ count: inout Int,
        _ receivedAt: Int64
    ) -> Bool {
        while lane.hasRoomInRound(count) {
            let rest = buffer.rest(of: connection.pointee)
            if isRouter { address.restart() }
            switch splitter.next(rest, &connection.pointee.partial, &address) {
            case .message(let payload, let taken):
                let record = IntakeRecord(
                    source: lane.index,
                    isAnswered: isRouter,
                    peer: number,
                    receivedAt: receivedAt,
                    returnAddress: address.bytes,
                    payload: payload
                )
                guard put(record, reception) else { return false }
                buffer.take(taken)
                count += 1
                if isRouter { connection.pointee.unanswered += 1 }
            case .incomplete(let total):
                keepRest(connection, needed: total)
                return true
            case .probe(let taken), .dropped(let taken): buffer.take(taken)
            case .refused(let fault, let taken):
                buffer.take(taken)
                refuse(fault, number)
            case .command(let body, let taken):
                buffer.take(taken)
                guard obey(Command(body), number, connection) else { return true }
            case .invalid(let violation):
                violate(number, violation)
                return true
            }
        }
        if connection.pointee.unanswered >= Self.unansweredMax {
            setHold(.requestsUnanswered, true, of: number)
        }
        return true
    }

    @inline(__always)
    private mutating func put(_ record: IntakeRecord, _ reception: Reception) -> Bool {
        if case .taken = reception { return lane.offer(record) }
        return putAside(record, reception)
    }

    @inline(never)
    private mutating func putAside(_ record: IntakeRecord, _ reception: Reception) -> Bool {
        if case .refused(let answer) = reception {
            send(answer, to: AddressParts(record.returnAddress), of: record.peer)
        } else {
            lane.keep(record)
        }
        return true
    }

    private mutating func keepRest(
        _ connection: UnsafeMutablePointer<Connection>,
        needed total: Int
    ) {
        let before = connection.pointee.input.byteCapacity
        buffer.keepRest(&connection.pointee, needed: total, at: now)
        door.partialBytes += connection.pointee.input.byteCapacity - before
        if door.partialBytes > door.partialBytesMax { makeRoom() }
    }

    @inline(never)
    private mutating func refuse(_ fault: MessageFault, _ number: UInt16) {
        shared.rejected.count()
        guard isRouter else { return }
        let address = Array(self.address.bytes)
        address.withUnsafeBytes { bytes in
            send(.rejected(fault.rawValue), to: AddressParts(bytes), of: number)
        }
    }

    /// Does what a command says; returns false when the connection was closed for it.
    @inline(never)
    private mutating func obey(
        _ command: Command?,
        _ number: UInt16,
        _ connection: UnsafeMutablePointer<Connection>
    ) -> Bool {
        guard let command, case .open(let peer) = connection.pointee.stage, peer.hasCommands else {
            violate(number, .notZMTP)
            return false
        }
        if command.isNamed("PONG") { return true }
        guard command.isNamed("PING"), let pong = Heartbeat.pong(for: command.data) else {
            violate(number, .notZMTP)
            return false
        }
        pong.withUnsafeBytes { connection.pointee.output.appendFrame($0, isCommand: true) }
        list(number, connection)
        return true
    }

    /// Ends a connection that breaks the protocol.
    private mutating func violate(_ number: UInt16, _ violation: MessageSplitter.Violation) {
        shared.connections.violations.count()
        let detail =
            switch violation {
            case .frameTooLong:
                "a frame longer than limits.message, \(configuration.messageBytesMax) bytes"
            case .notZMTP: "bytes that are no ZMTP"
            }
        tell(.violation, number, detail)
        close(number)
    }

    /// Ends the connection with the oldest message that has not come whole: those hold more memory
    /// than all sources may.
    @inline(never)
    private mutating func makeRoom() {
        guard let number = oldestPartial else { return }
        shared.connections.overBudget.count()
        tell(
            .overBudget,
            number,
            "unfinished messages hold \(door.partialBytesMax >> 20) MiB, and its is the oldest"
        )
        close(number)
    }

    private var oldestPartial: UInt16? {
        var oldest: (number: UInt16, since: Int64)?
        for number in connections.numbers {
            guard let connection = connections[number],
                connection.pointee.input.byteCapacity >= ReadBuffer.ownBytesMin
            else { continue }
            let since = connection.pointee.partialSince
            if since < oldest?.since ?? .max { oldest = (number, since) }
        }
        return oldest?.number
    }
}
