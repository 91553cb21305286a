import Platform
import Wire

/// The bytes that were read last, and the connection whose they are.
///
/// One serves all connections of a source. A read goes into memory that all share; only the start of
/// a message whose rest has not come is kept with its connection. Long messages are read into their
/// connection's own memory, which grows with the bytes received.
struct ReadBuffer: ~Copyable {
    /// The most bytes that one read takes: a connection's turn.
    static let turnBytes = 64 << 10
    /// From how many kept bytes on a connection is read into its own memory.
    static let ownBytesMin = 16 << 10

    private let memory = UnsafeMutableRawPointer.allocate(
        byteCount: turnBytes + ownBytesMin,
        alignment: 64
    )
    private var isOwn = false
    private var at = 0
    private var end = 0
    /// The connection whose bytes are here; 0 is none.
    private(set) var number: UInt16 = 0
    /// A connection with whole messages among its kept bytes; 0 is none.
    private var parked: UInt16 = 0

    deinit {
        memory.deallocate()
    }

    /// Reads from a connection's socket; returns the bytes read, 0 at the end, or an errno as a
    /// negative number.
    mutating func fill(_ number: UInt16, _ connection: inout Connection) -> Int {
        precondition(self.number == 0, "bytes of another connection are left")
        if connection.encryption != nil { return fillEncrypted(number, &connection) }
        let kept = connection.input.count
        if kept >= Self.ownBytesMin {
            let missing = max(1, connection.unfinished.needed - kept)
            let room = connection.input.room(min(Self.turnBytes, missing))
            let count = StreamSocket.receive(connection.id.descriptor, into: room)
            guard count > 0 else { return count }
            connection.input.added(count)
            begin(number, isOwn: true, count: 0)
            return count
        }
        let room = UnsafeMutableRawBufferPointer(start: memory + kept, count: Self.turnBytes)
        let count = StreamSocket.receive(connection.id.descriptor, into: room)
        guard count > 0 else { return count }
        if kept > 0, let start = connection.input.bytes.baseAddress {
            memory.copyMemory(from: start, byteCount: kept)
            connection.input.removeFirst(kept)
        }
        begin(number, isOwn: false, count: kept + count)
        return count
    }

    /// Reads encrypted frames; the connection decrypts the whole ones into its own memory.
    @inline(never)
    private mutating func fillEncrypted(_ number: UInt16, _ connection: inout Connection) -> Int {
        guard var encryption = connection.encryption.take() else { return 0 }
        let room = encryption.input.room(Self.turnBytes)
        let count = StreamSocket.receive(connection.id.descriptor, into: room)
        if count > 0 { encryption.input.added(count) }
        encryption.input.trim()
        connection.encryption = consume encryption
        if count > 0 { begin(number, isOwn: true, count: 0) }
        return count
    }

    private mutating func begin(_ number: UInt16, isOwn: Bool, count: Int) {
        self.number = number
        self.isOwn = isOwn
        at = 0
        end = count
    }

    /// The bytes that are left; valid until the next change.
    @inline(__always)
    func rest(of connection: borrowing Connection) -> UnsafeRawBufferPointer {
        isOwn
            ? UnsafeRawBufferPointer(rebasing: connection.input.bytes[at...])
            : UnsafeRawBufferPointer(start: memory + at, count: end - at)
    }

    /// Takes bytes from the start.
    @inline(__always)
    mutating func take(_ count: Int) { at += count }

    /// Keeps what is left with its connection, which needs `total` bytes from there on.
    mutating func keepRest(_ connection: inout Connection, needed total: Int, at now: Int64) {
        let wasEmpty = connection.input.isEmpty
        if isOwn {
            connection.input.removeFirst(at)
            if at > 0 { connection.unfinished.since = now }
        } else {
            connection.input.append(rest(of: connection))
            if wasEmpty { connection.unfinished.since = now }
        }
        connection.unfinished.needed = total
        if connection.input.isEmpty { connection.input.trim() }
        number = 0
    }

    /// Keeps what is left with its connection, whole messages included, until ``unpark()``.
    mutating func park(_ connection: inout Connection, at now: Int64) {
        precondition(parked == 0, "a second connection is parked")
        parked = number
        keepRest(&connection, needed: 0, at: now)
    }

    /// Continues with what was parked, of the given connection or any; returns whether there was
    /// something.
    mutating func unpark(_ number: UInt16? = nil) -> Bool {
        guard parked != 0, number ?? parked == parked else { return false }
        begin(parked, isOwn: true, count: 0)
        parked = 0
        return true
    }

    /// Continues with whole messages that were kept with a connection.
    mutating func resume(_ number: UInt16) { begin(number, isOwn: true, count: 0) }

    /// Forgets what is left of a connection that ends; returns whether it was being taken.
    mutating func forget(_ number: UInt16) -> Bool {
        defer {
            if parked == number { parked = 0 }
            if self.number == number { self.number = 0 }
        }
        return parked == number || self.number == number
    }
}
