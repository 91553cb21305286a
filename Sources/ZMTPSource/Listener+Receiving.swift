import Glibc
import Intake
import Platform
import Synchronization
import Wire

/// Reading connections.
extension Listener {
    /// How long a round reads, in nanoseconds, so that answers do not wait for those who send much
    /// and say nothing.
    private static let readingMax: Int64 = 2_000_000
    /// Requests of a connection that may wait for their answers; beyond it the connection is not
    /// read.
    static let unansweredMax = 16_384

    /// Receives the messages of a round, puts them into a ring, and publishes them to the writer
    /// with one store.
    ///
    /// Returns how many, and whether nothing was left.
    mutating func receive() -> (count: Int, isAll: Bool) {
        var round = Round(reception: .taken)
        lane.begin()
        defer { lane.end(messages: round.count) }
        if lane.hasHeld, !lane.putHeld(&round.count) { return (round.count, false) }
        let isAll = read(&round)
        return (round.count, isAll)
    }

    /// Answers every request that has arrived; returns how many.
    mutating func refuse(_ answer: Answer) -> Int {
        if lane.isHolding { lane.stopHolding() }
        var round = Round(reception: .refused(answer))
        while let record = lane.takeHeld() {
            record.withUnsafeBytes { bytes in
                let record = IntakeRecord(bytes)
                send(answer, to: AddressParts(record.returnAddress), of: record.peer)
            }
            round.count += 1
        }
        _ = read(&round)
        return round.count
    }

    /// Keeps the requests that a connection sent before it ended while intake was held.
    mutating func keepRequests(of number: UInt16) {
        if let other = connections[reading.buffer.number] {
            let before = other.pointee.inputCapacity
            reading.buffer.park(&other.pointee, at: now)
            door.partialBytes += other.pointee.inputCapacity - before
        }
        while lane.hasRoomForHeld, connections[number] != nil {
            guard reading.buffer.unpark(number) || fill(number) else { return }
            while reading.buffer.number == number {
                var round = Round(reception: .kept)
                _ = take(&round)
            }
        }
    }

    /// Reads connections in turn until the round is full; returns whether nothing was left.
    private mutating func read(_ round: inout Round) -> Bool {
        let end = SystemClock.monotonicNanoseconds + Self.readingMax
        while lane.hasRoomInRound(round.count) {
            if reading.buffer.number == 0, !reading.buffer.unpark(),
                !resumeCostly(round.reception), !resumePaused(round.reception)
            {
                guard mayRead else { return false }
                guard let number = connections.nextReadable() else { return true }
                let hasBytes = fill(number)
                if SystemClock.monotonicNanoseconds > end { return false }
                guard hasBytes else { continue }
            }
            guard take(&round) else { return false }
        }
        return false
    }

    /// Reads a connection's socket; returns false when nothing came.
    private mutating func fill(_ number: UInt16) -> Bool {
        guard let connection = connections[number] else { return false }
        let before = connection.pointee.inputCapacity
        let count = reading.buffer.fill(number, &connection.pointee)
        let isEncrypted = count > 0 && connection.pointee.encryption != nil
        let fault = isEncrypted ? decrypt(connection) : nil
        door.partialBytes += connection.pointee.inputCapacity - before
        guard count > 0 else {
            if count != -EAGAIN { end(connection) }
            return false
        }
        connection.pointee.presence.heardAt = now
        guard let fault else { return true }
        violate(connection, fault)
        return false
    }

    /// Decrypts what was read; returns what is wrong with it, if anything.
    @inline(never)
    private func decrypt(_ connection: Connection.Pointer) -> String? {
        do throws(Connection.DecryptionFault) {
            try connection.pointee.decrypt(frameBytesMax: configuration.messageBytesMax)
            return nil
        } catch {
            switch error {
            case .violation(let violation): return text(of: violation)
            case .curve(let fault): return "\(fault)"
            }
        }
    }

    /// Takes what is in the read buffer; returns false when no ring has room.
    private mutating func take(_ round: inout Round) -> Bool {
        let number = reading.buffer.number
        guard let connection = connections[number] else {
            _ = reading.buffer.forget(number)
            return true
        }
        if isRouter { reading.nameAddress(connection.pointee.id.serial) }
        if case .taken = round.reception, let limits = shared.peerBook.producers.limitsInForce {
            return takeLimited(connection, &round, by: limits)
        }
        return takeCounted(connection, &round)
    }

    mutating func takeMessages(
        of connection: Connection.Pointer,
        _ round: inout Round
    ) -> Bool {
        let number = connection.pointee.id.number
        let producer = UInt16(truncatingIfNeeded: connection.pointee.producer.number)
        while lane.hasRoomInRound(round.count) {
            let rest = reading.buffer.rest(of: connection.pointee)
            if isRouter { reading.address.restart() }
            switch reading.splitter.next(
                rest,
                after: &connection.pointee.unfinished.partial,
                into: &reading.address
            ) {
            case .message(let payload, let taken):
                let record = IntakeRecord(
                    source: lane.index,
                    isAnswered: isRouter,
                    peer: number,
                    producer: producer,
                    receivedAt: round.receivedAt,
                    returnAddress: reading.address.bytes,
                    payload: payload
                )
                let cost = cost(of: record, connection, round.reception)
                if cost > 0, !Turns.admits(cost, queued: lane.queuedCost) {
                    waitForTurn(connection, cost: cost)
                    return true
                }
                guard put(record, round.reception) else { return false }
                if cost > 0 { note(cost, connection) }
                reading.buffer.take(taken)
                round.count += 1
                if isRouter { connection.pointee.load.unanswered += 1 }
            case .incomplete(let total):
                keepRest(connection, needed: total)
                return true
            case .probe(let taken), .dropped(let taken): reading.buffer.take(taken)
            case .refused(let fault, let taken):
                reading.buffer.take(taken)
                refuse(fault, number)
            case .command(let body, let taken):
                reading.buffer.take(taken)
                guard obey(Command(body), connection) else { return true }
            case .invalid(let violation):
                violate(connection, by: violation)
                return true
            }
        }
        if connection.pointee.load.unanswered >= Self.unansweredMax {
            setHold(.requestsUnanswered, true, of: connection)
        }
        return true
    }

    // MARK: - Costly messages

    @inline(__always)
    private func cost(
        of record: IntakeRecord,
        _ connection: Connection.Pointer,
        _ reception: Round.Reception
    ) -> Int64 {
        guard case .taken = reception else { return 0 }
        // A connection alone makes nobody wait.
        let isFirst = connections.count > 1 && connection.pointee.load.taken < Turns.firstBytes
        if isFirst { connection.pointee.load.taken += record.payload.count }
        return Turns.cost(of: record, isFirst: isFirst, in: shared.peerBook)
    }

    @inline(never)
    private mutating func note(_ cost: Int64, _ connection: Connection.Pointer) {
        lane.noteCost(cost)
        connection.pointee.load.spent += cost
    }

    /// Makes the connection in the read buffer wait until its costly message may go into a ring.
    @inline(never)
    private mutating func waitForTurn(_ connection: Connection.Pointer, cost: Int64) {
        setHold(.costly, true, of: connection)
        let id = connection.pointee.id
        turns.wait(id.number, cost: cost, spent: connection.pointee.load.spent)
        keepRest(connection, needed: 0)
    }

    /// Goes on with a connection that waits for its turn, if a ring has little costly work, or if
    /// its messages go into none.
    private mutating func resumeCostly(_ reception: Round.Reception) -> Bool {
        guard turns.hasCostly else { return false }
        let queued = if case .taken = reception { lane.queuedCost } else { Int64(0) }
        guard let next = turns.next(queued: queued), let connection = connections[next.number]
        else { return false }
        connection.pointee.load.spent = next.spent
        setHold(.costly, false, of: connection)
        reading.buffer.resume(next.number)
        return true
    }

    /// Whether more may be read: what several connections share is bounded, so that each message
    /// waits only for so much.
    ///
    /// What a drain refuses goes into no ring.
    var mayRead: Bool {
        connections.count == 1 || lane.aheadBytes + lane.roundBytes < Turns.sharedBytesMax
            || isRefusing
    }

    @inline(__always)
    private mutating func put(_ record: IntakeRecord, _ reception: Round.Reception) -> Bool {
        if case .taken = reception { return lane.offer(record) }
        return putAside(record, reception)
    }

    @inline(never)
    private mutating func putAside(_ record: IntakeRecord, _ reception: Round.Reception) -> Bool {
        if case .refused(let answer) = reception {
            send(answer, to: AddressParts(record.returnAddress), of: record.peer)
        } else {
            lane.keep(record)
        }
        return true
    }

    mutating func keepRest(_ connection: Connection.Pointer, needed total: Int) {
        let before = connection.pointee.inputCapacity
        reading.buffer.keepRest(&connection.pointee, needed: total, at: now)
        door.partialBytes += connection.pointee.inputCapacity - before
        if door.partialBytes > door.partialBytesMax { makeRoom() }
    }

    @inline(never)
    private mutating func refuse(_ fault: MessageFault, _ number: UInt16) {
        shared.rejected.count()
        connections[number]?.pointee.producer.note(refusal: fault.rawValue)
        guard isRouter else { return }
        let address = Array(reading.address.bytes)
        address.withUnsafeBytes { bytes in
            send(.rejected(fault.rawValue), to: AddressParts(bytes), of: number)
        }
    }

    /// Does what a command says; returns false when the connection was closed for it.
    @inline(never)
    private mutating func obey(_ command: Command?, _ connection: Connection.Pointer) -> Bool {
        if let command, connection.pointee.presence.hasCommands {
            if command.isNamed("PONG") { return true }
            if command.isNamed("PING"), let pong = Heartbeat.pong(for: command.data) {
                pong.withUnsafeBytes { connection.pointee.append($0, isCommand: true) }
                connections.list(connection)
                return true
            }
        }
        violate(connection, by: .notZMTP)
        return false
    }

    private func text(of violation: MessageSplitter.Violation) -> String {
        switch violation {
        case .frameTooLong:
            "a frame longer than limits.message, \(configuration.messageBytesMax) bytes"
        case .notZMTP: "bytes that are no ZMTP"
        }
    }

    @inline(never)
    private mutating func violate(
        _ connection: Connection.Pointer,
        by violation: MessageSplitter.Violation
    ) {
        violate(connection, text(of: violation))
    }

    /// Ends a connection that breaks the protocol.
    @inline(never)
    private mutating func violate(_ connection: Connection.Pointer, _ detail: String) {
        shared.connections.violations.count()
        tell(.violation, of: connection, detail)
        close(connection)
    }

    /// Ends the connection with the oldest message that has not come whole: those hold more memory
    /// than all sources may.
    @inline(never)
    private mutating func makeRoom() {
        guard let connection = oldestUnfinished else { return }
        shared.connections.overBudget.count()
        tell(
            .overBudget,
            of: connection,
            "unfinished messages hold \(door.partialBytesMax >> 20) MiB, and its is the oldest"
        )
        close(connection)
    }

    private var oldestUnfinished: Connection.Pointer? {
        var oldest: Connection.Pointer?
        for number in connections.numbers {
            guard let connection = connections[number],
                connection.pointee.inputCapacity >= ReadBuffer.ownBytesMin
            else { continue }
            let since = oldest?.pointee.unfinished.since ?? .max
            if connection.pointee.unfinished.since < since { oldest = connection }
        }
        return oldest
    }
}
