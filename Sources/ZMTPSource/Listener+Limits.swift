import Intake
import Platform
import Wire

/// What each producer may send.
extension Listener {
    /// The reason in answers to producers that have used up their day.
    private static let dayReason = "quota"
    /// How long a producer without answers waits that has used up its day, before another look.
    private static let dayPause: Int64 = 1_000_000_000

    /// Takes messages of the connection in the read buffer, and counts them for its producer; returns
    /// false when no ring has room.
    mutating func takeCounted(_ connection: Connection.Pointer, _ round: inout Round) -> Bool {
        let producer = connection.pointee.producer
        let before = (messages: round.count, bytes: lane.roundBytes)
        let isDone = takeMessages(of: connection, &round)
        let messages = round.count - before.messages
        if messages > 0 {
            producer.intake.add(messages: messages, bytes: lane.roundBytes - before.bytes)
        }
        return isDone
    }

    /// Does the same within the limits of its producer.
    @inline(never)
    mutating func takeLimited(
        _ connection: Connection.Pointer,
        _ round: inout Round,
        by limits: ProducerLimits
    ) -> Bool {
        let (producer, number) = (connection.pointee.producer, connection.pointee.id.number)
        if producer.allowance.isDaySpent(on: round.receivedAt, of: limits) {
            refuseDay(connection, &round)
            return true
        }
        let before = (messages: round.count, bytes: lane.roundBytes)
        guard takeCounted(connection, &round) else { return false }
        let delay = producer.allowance.charge(
            messages: round.count - before.messages,
            bytes: lane.roundBytes - before.bytes,
            of: limits,
            at: SystemClock.monotonicNanoseconds
        )
        if delay > 0, let connection = connections[number] { pause(connection, for: delay) }
        return true
    }

    private mutating func refuseDay(_ connection: Connection.Pointer, _ round: inout Round) {
        connection.pointee.producer.note(refusal: Self.dayReason)
        guard isRouter else { return pause(connection, for: Self.dayPause) }
        var refused = Round(reception: .refused(.unavailable(Self.dayReason)))
        _ = takeMessages(of: connection, &refused)
        round.count += refused.count
    }

    /// Does not read a connection for a while.
    private mutating func pause(_ connection: Connection.Pointer, for nanoseconds: Int64) {
        guard connection.pointee.hold.isDisjoint(with: .waiting) else { return }
        let number = connection.pointee.id.number
        setHold(.limited, true, of: connection)
        turns.pause(number, until: SystemClock.monotonicNanoseconds + nanoseconds)
        if reading.buffer.number == number { keepRest(connection, needed: 0) }
    }

    /// Goes on with a connection that was paused long enough; at once if nothing is taken any more.
    mutating func resumePaused(_ reception: Round.Reception) -> Bool {
        var now = Int64.max
        if case .taken = reception { now = SystemClock.monotonicNanoseconds }
        guard let number = turns.nextPaused(at: now), let connection = connections[number] else {
            return false
        }
        setHold(.limited, false, of: connection)
        reading.buffer.resume(number)
        return true
    }
}
