import Glibc
import Intake
import Platform

/// A connection of a source, as its socket's monitor reported it.
struct Connection {
    /// 1 and up; reused only after all others were.
    let number: UInt16
    /// libzmq's own descriptor, which libzmq may close at any time.
    let descriptor: Int32
    /// A duplicate of the descriptor: it stays valid after libzmq has closed its own, and cannot
    /// refer to another connection later.
    ///
    /// -1 if no descriptor was free.
    let duplicate: Int32
    /// `tcp://10.0.0.7:4711`.
    let name: String
    /// Monotonic nanoseconds.
    let since: Int64
    /// Whether the handshake is known to be done.
    var isReady = false
    /// Whether this end has cut it off.
    var isCut = false
    /// Whether it was reported as muted.
    var isMuted = false
    /// Bytes that libzmq had read from it at the latest look, and when that number last grew.
    var bytesRead: UInt64 = 0
    var quietSince: Int64
    /// ``ConnectionTable/receivedBytes`` at the latest look.
    var receivedBytes: UInt64 = 0
    /// The peer's own routing id, if it has one; known from its first message on.
    var routingID: [UInt8]?

    /// `tcp://10.0.0.7`: notices are counted by it.
    var host: String { PeerNotices.host(of: name) }

    /// The kernel's state of it; nil without a duplicate.
    var kernel: StreamConnection? { duplicate < 0 ? nil : StreamConnection(duplicate) }

    /// Whether the other end has closed it.
    var peerHasLeft: Bool { duplicate < 0 || StreamConnection.peerHasLeft(duplicate) }
}

/// The connections of a source by number and by descriptor, and what was read from and sent to each.
///
/// Only the receiver's thread uses it. Every message looks up its connection here, so that lookup
/// uses plain memory; the dictionaries serve rare operations.
struct ConnectionTable: ~Copyable {
    /// Bytes of answers that may wait for one peer.
    static let answerBytesMax: UInt64 = 1 << 20
    /// The shortest time between two questions to the kernel about what a peer has read.
    private static let answerLookNanoseconds: Int64 = 1_000_000
    private static let descriptorsMax = 1 << 20

    private let numbersMax: UInt16
    /// The present connections, by number.
    private(set) var connections: [UInt16: Connection] = [:]
    /// The number of the only connection, or 0 if there is none or more than one.
    ///
    /// With a single connection, every message belongs to it.
    private(set) var only: UInt16 = 0
    /// Connections added and removed; a lookup from before the last change may be wrong.
    private(set) var changes = 0
    private var lastNumber: UInt16 = 0
    /// Connection numbers by libzmq's descriptor; sized for the highest descriptor so far.
    private var numbers: UnsafeMutablePointer<UInt16>
    private var numbersCount = 1_024
    /// Bytes on the wire of received messages, by connection number.
    let receivedBytes: UnsafeMutablePointer<UInt64>
    /// By connection number: bytes on the wire of sent answers, and the total at which to check
    /// whether the peer reads them.
    private let sentBytes: UnsafeMutablePointer<UInt64>
    private let sentLimits: UnsafeMutablePointer<UInt64>
    private let sentLooks: UnsafeMutablePointer<Int64>

    init(connectionsMax: Int) {
        numbersMax = UInt16(clamping: max(4_096, connectionsMax * 4))
        let count = Int(numbersMax) + 1
        numbers = .allocate(capacity: numbersCount)
        numbers.initialize(repeating: 0, count: numbersCount)
        receivedBytes = .allocate(capacity: count)
        receivedBytes.initialize(repeating: 0, count: count)
        sentBytes = .allocate(capacity: count)
        sentBytes.initialize(repeating: 0, count: count)
        sentLimits = .allocate(capacity: count)
        sentLimits.initialize(repeating: Self.answerBytesMax, count: count)
        sentLooks = .allocate(capacity: count)
        sentLooks.initialize(repeating: 0, count: count)
    }

    deinit {
        for connection in connections.values where connection.duplicate >= 0 {
            close(connection.duplicate)
        }
        numbers.deallocate()
        receivedBytes.deallocate()
        sentBytes.deallocate()
        sentLimits.deallocate()
        sentLooks.deallocate()
    }

    var count: Int { connections.count }

    /// Returns the number of the connection with libzmq's descriptor; 0 if none is known.
    func number(of descriptor: Int32) -> UInt16 {
        let at = Int(descriptor)
        return at >= 0 && at < numbersCount ? numbers[at] : 0
    }

    /// Adds a connection; returns nil when descriptors or numbers are used up.
    @inline(never)
    mutating func add(_ descriptor: Int32, at now: Int64) -> Connection? {
        guard descriptor >= 0, makeRoom(for: Int(descriptor)), let number = freeNumber() else {
            return nil
        }
        // The monitor did not report the end of the earlier connection.
        if numbers[Int(descriptor)] != 0 { _ = remove(descriptor) }
        let duplicate = StreamConnection.duplicate(descriptor)
        let name = duplicate < 0 ? "" : StreamConnection.peerName(duplicate)
        let connection = Connection(
            number: number,
            descriptor: descriptor,
            duplicate: max(-1, duplicate),
            name: name.isEmpty ? "unknown" : name,
            since: now,
            quietSince: now
        )
        connections[number] = connection
        numbers[Int(descriptor)] = number
        receivedBytes[Int(number)] = 0
        sentBytes[Int(number)] = 0
        sentLimits[Int(number)] = Self.answerBytesMax / 2
        sentLooks[Int(number)] = 0
        only = connections.count == 1 ? number : 0
        changes += 1
        return connection
    }

    /// Removes the connection with libzmq's descriptor, and closes the duplicate.
    @inline(never)
    mutating func remove(_ descriptor: Int32) -> Connection? {
        let number = number(of: descriptor)
        guard number != 0, let connection = connections.removeValue(forKey: number) else {
            return nil
        }
        numbers[Int(descriptor)] = 0
        if connection.duplicate >= 0 { close(connection.duplicate) }
        only = 0
        changes += 1
        return connection
    }

    /// Notes that all messages of ended connections are received: later ones are from present ones.
    mutating func settle() {
        if only == 0, connections.count == 1, let number = connections.keys.first { only = number }
    }

    mutating func change(_ number: UInt16, _ body: (inout Connection) -> Void) {
        guard var connection = connections[number] else { return }
        body(&connection)
        connections[number] = connection
    }

    /// Shuts a connection down; libzmq notices, and the monitor reports the end.
    @inline(never)
    mutating func cut(_ number: UInt16) {
        guard let connection = connections[number], !connection.isCut else { return }
        if connection.duplicate >= 0 { StreamConnection.end(connection.duplicate) }
        change(number) { $0.isCut = true }
    }

    /// Whether `bytes` more may be sent to a peer: at most ``answerBytesMax`` may wait for it.
    ///
    /// Counts them as sent.
    func admitsAnswer(to number: UInt16, bytes: Int) -> Bool {
        guard number != 0, number <= numbersMax else { return true }
        let at = Int(number)
        let more = UInt64(truncatingIfNeeded: bytes)
        guard sentBytes[at] &+ more <= sentLimits[at] || isTaking(number, more) else {
            return false
        }
        sentBytes[at] &+= more
        return true
    }

    /// Asks the kernel how much of the sent data has arrived.
    @inline(never)
    private func isTaking(_ number: UInt16, _ more: UInt64) -> Bool {
        let at = Int(number)
        let now = SystemClock.monotonicNanoseconds
        guard now - sentLooks[at] >= Self.answerLookNanoseconds else { return false }
        sentLooks[at] = now
        guard let connection = connections[number], let kernel = connection.kernel else {
            return false
        }
        if kernel.countsBytes {
            // The confirmed bytes include heartbeats and the handshake.
            if kernel.bytesUnsent == 0 {
                sentBytes[at] = max(sentBytes[at], kernel.bytesConfirmed)
            }
            sentLimits[at] = kernel.bytesConfirmed &+ Self.answerBytesMax
        } else if kernel.bytesUnsent < 1 << 16 {
            // A Unix socket with room: libzmq's queue is empty, or will be soon.
            sentLimits[at] = sentBytes[at] &+ Self.answerBytesMax
        }
        return sentBytes[at] &+ more <= sentLimits[at]
    }

    private mutating func makeRoom(for descriptor: Int) -> Bool {
        guard descriptor < Self.descriptorsMax else { return false }
        guard descriptor >= numbersCount else { return true }
        let count = max(numbersCount * 2, descriptor + 1)
        let larger = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
        larger.initialize(repeating: 0, count: count)
        larger.update(from: numbers, count: numbersCount)
        numbers.deallocate()
        numbers = larger
        numbersCount = count
        return true
    }

    private mutating func freeNumber() -> UInt16? {
        guard connections.count < Int(numbersMax) else { return nil }
        repeat {
            lastNumber = lastNumber == numbersMax ? 1 : lastNumber + 1
        } while connections[lastNumber] != nil
        return lastNumber
    }
}
