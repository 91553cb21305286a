import Glibc
import Intake
import Platform
import Synchronization
import Wire
import ZeroMQ

/// Checks once a second: connections whose bytes never become messages, and socket files.
extension Receiver {
    /// Bytes of a libzmq DEALER's handshake beyond its routing id: 64 of greeting, 43 of READY.
    private static let handshakeBytes: UInt64 = 107
    /// Bytes that a connection may send before its handshake is complete.
    private static let pendingBytesMax: UInt64 = 64 << 10
    /// Messages of maximum length that may wait for a router's reader.
    private static let waitingMessagesMax: UInt64 = 64
    /// How long a connection must be quiet before its message counts as sent.
    private static let quietNanoseconds: Int64 = 400_000_000

    @inline(never)
    mutating func look(at now: Int64) {
        let isHeld = !shared.requests.isDisjoint(with: .held) || lane.waitsForRoom
        let wasEmptied = watch.wasEmptied
        watch.wasEmptied = false
        // The longest name of those that are received: only a name in use can mute another.
        let longest = isRouter ? table.connections.values.compactMap(\.routingID?.count).max() : nil
        // Uses the state of the previous look.
        if !isHeld { release(at: now) }
        var muted = 0
        for connection in table.connections.values {
            guard !connection.isCut, let kernel = connection.kernel else { continue }
            if isOverBudget(connection, kernel, isHeld: isHeld, wasEmptied: wasEmptied, at: now) {
                cutOver(connection, kernel)
            } else if let longest, !isHeld, wasEmptied,
                isMuted(connection, kernel, name: longest + 8, at: now)
            {
                muted += 1
                note(connection)
            }
            note(connection.number, kernel, at: now)
        }
        shared.connections.muted.store(muted, ordering: .relaxed)
        if watch.isTimeForFiles(now) { lookForFiles() }
    }

    private mutating func note(_ number: UInt16, _ kernel: StreamConnection, at now: Int64) {
        let received = table.receivedBytes[Int(number)]
        table.change(number) {
            if kernel.bytesRead != $0.bytesRead {
                $0.bytesRead = kernel.bytesRead
                $0.quietSince = now
            }
            $0.receivedBytes = received
        }
    }

    /// Bytes that libzmq has read from the connection and that belong to no received message.
    private func undelivered(
        _ connection: Connection,
        _ kernel: StreamConnection,
        at now: Int64
    ) -> UInt64 {
        // Handshake and heartbeats of both ends; of heartbeats only the maximum number is known.
        let beats = UInt64(truncatingIfNeeded: max(0, now - connection.since) / 5_000_000_000 + 1)
        let known = table.receivedBytes[Int(connection.number)] &+ 512 &+ beats &* 64
        return kernel.bytesRead > known ? kernel.bytesRead - known : 0
    }

    /// Whether a connection holds more bytes than its messages can need.
    private func isOverBudget(
        _ connection: Connection,
        _ kernel: StreamConnection,
        isHeld: Bool,
        wasEmptied: Bool,
        at now: Int64
    ) -> Bool {
        guard kernel.countsBytes else { return false }
        let bytes = undelivered(connection, kernel, at: now)
        let received = table.receivedBytes[Int(connection.number)]
        if received == 0, watch.handshakes.isIncomplete(connection.number) {
            return bytes > Self.pendingBytesMax
        }
        let message = UInt64(truncatingIfNeeded: configuration.messageBytesMax)
        if isHeld { return isRouter && bytes > message &* Self.waitingMessagesMax }
        // The queue was empty, no message arrived since, and yet it continues to send.
        return wasEmptied && received == connection.receivedBytes && bytes > message &+ 1 << 20
    }

    private mutating func cutOver(_ connection: Connection, _ kernel: StreamConnection) {
        table.cut(connection.number)
        shared.connections.overBudget.count()
        tell(
            .overBudget,
            of: connection,
            "it sent \(kernel.bytesRead >> 10) KiB, of which messages are"
                + " \(table.receivedBytes[Int(connection.number)] >> 10)"
        )
    }

    /// Whether a connection has sent more than a handshake with a name of `name` bytes, is quiet,
    /// and no message of it has arrived.
    private func isMuted(
        _ connection: Connection,
        _ kernel: StreamConnection,
        name: Int,
        at now: Int64
    ) -> Bool {
        kernel.countsBytes && kernel.bytesRead == connection.bytesRead
            && now - connection.quietSince >= Self.quietNanoseconds
            && isUnheard(connection, name: name, at: now)
    }

    /// Whether a connection had sent more than a handshake with a name of `name` bytes at the last
    /// look, and no message of it has arrived since.
    private func isUnheard(_ connection: Connection, name: Int, at now: Int64) -> Bool {
        guard table.receivedBytes[Int(connection.number)] == 0 else { return false }
        // Answers to heartbeats, 7 bytes each.
        let beats = UInt64(truncatingIfNeeded: max(0, now - connection.since) / 5_000_000_000)
        let idle = Self.handshakeBytes &+ UInt64(truncatingIfNeeded: name) &+ beats &* 7
        return connection.bytesRead > idle
    }

    private mutating func note(_ connection: Connection) {
        guard !connection.isMuted else { return }
        table.change(connection.number) { $0.isMuted = true }
        tell(
            .muted,
            of: connection,
            "it sent a message that does not arrive: its routing id is in use by another"
                + " connection, or the message is not whole"
        )
    }

    /// Cuts off connections that may have waited for a routing id which is now free: libzmq does
    /// not check it again, but their libraries reconnect within a moment.
    mutating func release(at now: Int64) {
        guard isRouter, let freed = watch.freed, now - freed.at < PeerWatch.freedNanoseconds else {
            return
        }
        guard shared.requests.isDisjoint(with: .held) else { return }
        for connection in table.connections.values where connection.since < freed.at {
            guard !connection.isCut, let kernel = connection.kernel else { continue }
            let isOfUnix =
                !kernel.countsBytes
                && table.receivedBytes[Int(connection.number)] == 0
            guard isOfUnix || isUnheard(connection, name: freed.id.count, at: now) else { continue }
            table.cut(connection.number)
            shared.connections.released.count()
            tell(
                .released,
                of: connection,
                "no message of it arrived; routing id \(Self.shown(freed.id)) has become free"
            )
        }
    }

    /// Returns a routing id as text, or in hexadecimal digits.
    private static func shown(_ id: [UInt8]) -> String {
        if id.count <= 64, id.allSatisfy({ (0x21...0x7E).contains($0) }) {
            return "'\(String(decoding: id, as: UTF8.self))'"
        }
        let digits = id.prefix(32).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return "0x" + digits.joined() + (id.count > 32 ? "…" : "")
    }

    /// Ends the connection of a peer whose name is invalid.
    @inline(never)
    mutating func refuseName() {
        guard let connection = table.connections[address.peer] else { return }
        table.cut(connection.number)
        tell(.nameTooLong, of: connection, "ZeroMQ's routing ids have at most 255 bytes")
    }

    /// Checks whether the files of Unix sockets are still those that were bound.
    private mutating func lookForFiles() {
        let problem = sockets.missingFile
        guard watch.reach.setFileProblem(problem) else { return }
        showProblem()
        if let problem { tell(.socketFileGone, of: problem, "producers cannot connect any more") }
    }
}
