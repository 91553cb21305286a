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
        settle(number, connection)
        guard connection.pointee.output.count < Self.unsentMax else {
            shared.acknowledgementsDropped.count()
            return
        }
        var frames = EnvelopeFrames(address.envelope)
        while let frame = frames.next() {
            connection.pointee.output.appendFrame(frame, hasMore: true)
        }
        append(answer, to: connection)
        list(number, connection)
        shared.acknowledged.count()
    }

    private func append(_ answer: Answer, to connection: UnsafeMutablePointer<Connection>) {
        guard answer.isPlain else {
            Array(AnswerText.json(answer).utf8).withUnsafeBytes {
                connection.pointee.output.appendFrame($0)
            }
            return
        }
        // A header of two bytes: the text is short.
        let room = connection.pointee.output.room(2 + AnswerText.committedBytesMax)
        let text = UnsafeMutableRawBufferPointer(rebasing: room[2...])
        let count = AnswerText.writeCommitted(events: answer.events, to: text)
        guard let start = room.baseAddress else { return }
        FrameHeader(bodyCount: count).write(to: start)
        connection.pointee.output.added(2 + count)
    }

    private func isName(
        _ name: UnsafeRawBufferPointer,
        of connection: UnsafeMutablePointer<Connection>
    ) -> Bool {
        name.count == MemoryLayout<UInt32>.size
            && name.loadUnaligned(as: UInt32.self) == connection.pointee.serial
    }

    /// Notes that a request was answered.
    private mutating func settle(_ number: UInt16, _ connection: UnsafeMutablePointer<Connection>) {
        connection.pointee.unanswered = max(0, connection.pointee.unanswered - 1)
        if connection.pointee.hold.contains(.requestsUnanswered),
            connection.pointee.unanswered <= Self.unansweredMax / 2
        {
            setHold(.requestsUnanswered, false, of: number)
        }
    }

    /// Notes that a connection has something to send.
    mutating func list(_ number: UInt16, _ connection: UnsafeMutablePointer<Connection>) {
        guard !connection.pointee.isListed else { return }
        connection.pointee.isListed = true
        listed.append(number)
    }

    /// Sends what the listed connections' sockets take now.
    mutating func flush() {
        guard !listed.isEmpty else { return }
        for number in listed {
            guard let connection = connections[number], connection.pointee.isListed else {
                continue
            }
            connection.pointee.isListed = false
            guard connection.pointee.isFull else {
                flush(number)
                continue
            }
            if connection.pointee.output.count > Self.unsentHeld {
                setHold(.answersUnread, true, of: number)
            }
        }
        listed.removeAll(keepingCapacity: true)
    }

    /// Sends what a connection's socket takes now, and waits for room if it does not take all.
    mutating func flush(_ number: UInt16) {
        guard let connection = connections[number] else { return }
        let before = connection.pointee.output.count
        while !connection.pointee.output.isEmpty {
            let count = StreamSocket.send(
                connection.pointee.descriptor,
                connection.pointee.output.bytes
            )
            guard count > 0 else {
                // A broken connection is found when it is read.
                if count != -EAGAIN { connection.pointee.output.removeAll() }
                break
            }
            connection.pointee.output.removeFirst(count)
        }
        let left = connection.pointee.output.count
        setFull(left > 0, number, connection)
        if left == 0, connection.pointee.output.byteCapacity > Self.unsentKept {
            connection.pointee.output.trim()
        }
        if left > Self.unsentHeld || before > Self.unsentHeld {
            setHold(.answersUnread, left > Self.unsentHeld, of: number)
        }
    }

    private mutating func setFull(
        _ isFull: Bool,
        _ number: UInt16,
        _ connection: UnsafeMutablePointer<Connection>
    ) {
        guard isFull != connection.pointee.isFull else { return }
        connection.pointee.isFull = isFull
        connections.setWaking(number, watchesEnd: isRouter)
        door.unsent += isFull ? 1 : -1
    }

    /// Stops or resumes reading a connection.
    mutating func setHold(_ hold: Connection.Hold, _ isOn: Bool, of number: UInt16) {
        guard let connection = connections[number],
            connection.pointee.hold.contains(hold) != isOn
        else { return }
        let wasRead = connection.pointee.hold.isEmpty
        if isOn {
            connection.pointee.hold.insert(hold)
        } else {
            connection.pointee.hold.remove(hold)
            // What it did not say while nobody listened does not count.
            connection.pointee.heardAt = now
        }
        let isRead = connection.pointee.hold.isEmpty
        if isRead != wasRead { connections.setReading(number, isRead) }
    }
}
