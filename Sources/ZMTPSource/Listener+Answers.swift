import Glibc
import Intake
import Platform
import Wire

/// Sending answers.
extension Listener {
    /// Bytes that may wait for a connection to take them; more answers are dropped, and its client
    /// asks again.
    static let unsentMax = 1 << 20
    /// From how many bytes on a connection is not read until it has taken half of them.
    private static let unsentHeld = unsentMax / 2
    /// The most bytes of memory that a connection keeps for what it sends next.
    private static let unsentKept = 64 << 10

    /// Takes every answer that committers have posted; returns how many.
    mutating func sendAnswers() -> Int {
        var count = 0
        while let posted = lane.nextAnswer() {
            send(posted.answer, to: AddressParts(posted.returnAddress), of: posted.peer)
            count += 1
        }
        return count
    }

    /// Adds an answer to what its connection is sent: the unchanged envelope, then the JSON.
    ///
    /// Drops and counts it when the connection has ended, or takes nothing.
    mutating func send(_ answer: Answer, to address: AddressParts, of number: UInt16) {
        guard let connection = connections[number], isName(address.routingID, of: connection) else {
            shared.acknowledgementsDropped.count()
            return
        }
        settle(connection)
        guard connection.pointee.output.bytes.count < Self.unsentMax else {
            shared.acknowledgementsDropped.count()
            return
        }
        var frames = EnvelopeFrames(address.envelope)
        while let frame = frames.next() {
            connection.pointee.append(frame, hasMore: true)
        }
        append(answer, to: connection)
        connections.list(connection)
        connection.pointee.producer.intake.addAnswer()
        shared.acknowledged.count()
    }

    private func append(_ answer: Answer, to connection: Connection.Pointer) {
        guard answer.isPlain, connection.pointee.encryption == nil else {
            Array(AnswerText.json(answer).utf8).withUnsafeBytes { connection.pointee.append($0) }
            return
        }
        // A header of two bytes: the text is short.
        let room = connection.pointee.output.bytes.room(2 + AnswerText.committedBytesMax)
        let text = UnsafeMutableRawBufferPointer(rebasing: room[2...])
        let count = AnswerText.writeCommitted(events: answer.events, to: text)
        guard let start = room.baseAddress else { return }
        FrameHeader(bodyCount: count).write(to: start)
        connection.pointee.output.bytes.added(2 + count)
    }

    private func isName(_ name: UnsafeRawBufferPointer, of connection: Connection.Pointer) -> Bool {
        name.count == MemoryLayout<UInt32>.size
            && name.loadUnaligned(as: UInt32.self) == connection.pointee.id.serial
    }

    /// Notes that a request was answered.
    private mutating func settle(_ connection: Connection.Pointer) {
        let left = max(0, connection.pointee.load.unanswered - 1)
        connection.pointee.load.unanswered = left
        if connection.pointee.hold.contains(.requestsUnanswered), left <= Self.unansweredMax / 2 {
            setHold(.requestsUnanswered, false, of: connection)
        }
    }

    /// Sends what the listed connections' sockets take now.
    mutating func flush() {
        while let connection = connections.takeListed() {
            guard connection.pointee.output.isFull else {
                flush(connection)
                continue
            }
            if connection.pointee.output.bytes.count > Self.unsentHeld {
                setHold(.answersUnread, true, of: connection)
            }
        }
    }

    /// Sends what a connection's socket takes now, and waits for room if it does not take all.
    mutating func flush(_ connection: Connection.Pointer) {
        let before = connection.pointee.output.bytes.count
        while !connection.pointee.output.bytes.isEmpty {
            let count = StreamSocket.send(
                connection.pointee.id.descriptor,
                connection.pointee.output.bytes.bytes
            )
            guard count > 0 else {
                // A broken connection is found when it is read.
                if count != -EAGAIN { connection.pointee.output.bytes.removeAll() }
                break
            }
            connection.pointee.output.bytes.removeFirst(count)
        }
        let left = connection.pointee.output.bytes.count
        setFull(left > 0, connection)
        if left == 0, connection.pointee.output.bytes.byteCapacity > Self.unsentKept {
            connection.pointee.output.bytes.trim()
        }
        if left > Self.unsentHeld || before > Self.unsentHeld {
            setHold(.answersUnread, left > Self.unsentHeld, of: connection)
        }
    }

    private mutating func setFull(_ isFull: Bool, _ connection: Connection.Pointer) {
        guard isFull != connection.pointee.output.isFull else { return }
        connection.pointee.output.isFull = isFull
        connections.setWaking(connection, watchesEnd: isRouter)
        door.unsent += isFull ? 1 : -1
    }

    /// Stops or resumes reading a connection.
    mutating func setHold(
        _ hold: Connection.Hold,
        _ isOn: Bool,
        of connection: Connection.Pointer
    ) {
        guard connection.pointee.hold.contains(hold) != isOn else { return }
        let wasRead = connection.pointee.hold.isEmpty
        if isOn {
            connection.pointee.hold.insert(hold)
        } else {
            connection.pointee.hold.remove(hold)
            // What it did not say while nobody listened does not count.
            connection.pointee.presence.heardAt = now
        }
        let isRead = connection.pointee.hold.isEmpty
        if isRead != wasRead { connections.setReading(connection, isRead) }
        // Nothing that a connection which has ended may be read for comes by itself then.
        if isOn, hold != .costly { connections.attendEnd(connection) }
    }
}
