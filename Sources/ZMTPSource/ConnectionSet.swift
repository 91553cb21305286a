import Glibc
import Intake
import Platform

/// The connections of a source by number, and the descriptors that its thread waits for.
///
/// Numbers are 1 and up; one is reused only after all others were. Only the source's thread uses it.
struct ConnectionSet: ~Copyable {
    /// What an event of ``wait(milliseconds:forReaders:)`` means.
    enum Wake {
        /// The source was signalled.
        case signal
        /// An endpoint has connections to accept.
        case endpoint(Int)
        /// A connection may be written to, or has ended.
        case connection(UInt16, EventPoll.Interest)
        /// Connections have something to read.
        case readers
    }

    private static let signalToken: UInt64 = 1 << 32
    private static let readersToken: UInt64 = 2 << 32
    private static let endpointToken: UInt64 = 3 << 32
    private static let eventsMax = 256

    private let numbersMax: Int
    private let slots: UnsafeMutablePointer<Connection.Pointer?>
    private var lastNumber: UInt16 = 0
    private var lastSerial: UInt32 = 0
    /// The present connections.
    private(set) var count = 0
    /// Connections with something to send.
    private var listed: [UInt16] = []
    /// What the thread waits for: its signal, the endpoints, room to write, and `readers`.
    private let wakers: EventPoll
    /// The connections that are read.
    private let readers: EventPoll
    /// Events of the last look at `readers` that were not returned yet.
    private var readyAt = 0
    private var readyCount = 0
    /// Whether `readers` wakes the thread.
    private var wakesForReaders = true

    init(
        connectionsMax: Int,
        signal: Int32,
        endpoints: borrowing Endpoints
    ) throws(IntakeError) {
        let wakers = try Self.makePoll()
        let readers = try Self.makePoll()
        var code = wakers.add(signal, token: Self.signalToken, for: .readable)
        if code == 0 {
            code = wakers.add(readers.descriptor, token: Self.readersToken, for: .readable)
        }
        for at in 0..<endpoints.count where code == 0 {
            let token = Self.endpointToken + UInt64(at)
            code = wakers.add(endpoints.descriptor(at), token: token, for: .readable)
        }
        guard code == 0 else { throw IntakeError("epoll: \(SystemError(code: code))") }
        self.wakers = wakers
        self.readers = readers
        numbersMax = min(Int(UInt16.max), max(4_096, connectionsMax * 4))
        slots = .allocate(capacity: numbersMax + 1)
        slots.initialize(repeating: nil, count: numbersMax + 1)
    }

    private static func makePoll() throws(IntakeError) -> EventPoll {
        do throws(SystemError) {
            return try EventPoll(eventsMax: eventsMax)
        } catch {
            throw IntakeError("epoll: \(error)")
        }
    }

    deinit {
        let present = (1...numbersMax).compactMap { slots[$0] }
        OrderlyClose.begin(present.map { $0.pointee.id.descriptor })
        for connection in present {
            close(connection.pointee.id.descriptor)
            connection.deinitialize(count: 1)
            connection.deallocate()
        }
        slots.deallocate()
    }

    /// The connection of a number; nil if there is none.
    ///
    /// Valid until it is removed.
    @inline(__always)
    subscript(number: UInt16) -> Connection.Pointer? {
        Int(number) <= numbersMax ? slots[Int(number)] : nil
    }

    /// The numbers of all present connections, in order.
    var numbers: [UInt16] {
        (1...numbersMax).compactMap { slots[$0] == nil ? nil : UInt16($0) }
    }

    /// Adds a connection, which wakes the thread when it has something to read; nil when numbers or
    /// the system's memory are used up.
    ///
    /// - `make`: creates it with its number and serial number.
    mutating func add(
        _ descriptor: Int32,
        make: (_ number: UInt16, _ serial: UInt32) -> Connection
    ) -> Connection.Pointer? {
        guard let number = freeNumber() else { return nil }
        guard wakers.add(descriptor, token: UInt64(number), for: .readable) == 0 else { return nil }
        lastSerial &+= 1
        let slot = Connection.Pointer.allocate(capacity: 1)
        slot.initialize(to: make(number, lastSerial))
        slots[Int(number)] = slot
        count += 1
        return slot
    }

    /// Closes a connection, whose state is gone then.
    mutating func remove(_ connection: Connection.Pointer) {
        let number = connection.pointee.id.number
        close(connection.pointee.id.descriptor)
        connection.deinitialize(count: 1)
        connection.deallocate()
        slots[Int(number)] = nil
        count -= 1
    }

    // MARK: - Output

    /// Whether connections with something to send are listed.
    var hasListed: Bool { !listed.isEmpty }

    /// Notes that a connection has something to send.
    mutating func list(_ connection: Connection.Pointer) {
        guard !connection.pointee.output.isListed else { return }
        connection.pointee.output.isListed = true
        listed.append(connection.pointee.id.number)
    }

    /// Takes a listed connection, the last first; nil if there is none.
    mutating func takeListed() -> Connection.Pointer? {
        while let number = listed.popLast() {
            guard let connection = self[number], connection.pointee.output.isListed else {
                continue
            }
            connection.pointee.output.isListed = false
            return connection
        }
        return nil
    }

    // MARK: - Waiting

    /// Waits until there is something to do, at most for the given time; returns how many events
    /// ``wake(_:)`` has.
    mutating func wait(milliseconds: Int32, forReaders: Bool) -> Int {
        if forReaders != wakesForReaders {
            wakers.change(
                readers.descriptor,
                token: Self.readersToken,
                to: forReaders ? .readable : []
            )
            wakesForReaders = forReaders
        }
        return wakers.wait(milliseconds: milliseconds)
    }

    /// An event of the last wait.
    func wake(_ at: Int) -> Wake {
        let event = wakers[at]
        switch event.token {
        case Self.signalToken: return .signal
        case Self.readersToken: return .readers
        case Self.endpointToken...: return .endpoint(Int(event.token - Self.endpointToken))
        default: return .connection(UInt16(truncatingIfNeeded: event.token), event.state)
        }
    }

    /// The next connection that has something to read; nil if none has now.
    ///
    /// All ready connections come once before any comes twice.
    mutating func nextReadable() -> UInt16? {
        while true {
            if readyAt == readyCount {
                readyCount = readers.wait(milliseconds: 0)
                readyAt = 0
                if readyCount == 0 { return nil }
            }
            let number = UInt16(truncatingIfNeeded: readers[readyAt].token)
            readyAt += 1
            // It may have been removed since.
            if let connection = self[number], connection.pointee.hold.isEmpty { return number }
        }
    }

    /// Reads a connection in turn with others from now on; returns false if the system refuses it.
    func beginReading(_ connection: Connection.Pointer) -> Bool {
        let id = connection.pointee.id
        return readers.add(id.descriptor, token: UInt64(id.number), for: .readable) == 0
    }

    /// Reads a connection, or leaves what it sends in the system's buffers.
    func setReading(_ connection: Connection.Pointer, _ isRead: Bool) {
        // Not a member without interest: the end of a connection would be reported all the same.
        guard isRead else { return readers.remove(connection.pointee.id.descriptor) }
        _ = beginReading(connection)
    }

    /// Sets what of a connection wakes the thread, after its stage or its output has changed.
    ///
    /// `watchesEnd`: whether the end of an open connection does.
    func setWaking(_ connection: Connection.Pointer, watchesEnd: Bool) {
        let isEndKnown = connection.pointee.presence.isEndKnown
        var interest: EventPoll.Interest = []
        if !connection.pointee.isOpen {
            interest = .readable
        } else if watchesEnd, !isEndKnown {
            interest = .ending
        }
        if connection.pointee.output.isFull { interest.insert(.writable) }
        let id = connection.pointee.id
        // Not a member without interest: its end would be reported again and again.
        if isEndKnown, interest.isEmpty { return wakers.remove(id.descriptor) }
        if wakers.change(id.descriptor, token: UInt64(id.number), to: interest) != 0 {
            _ = wakers.add(id.descriptor, token: UInt64(id.number), for: interest)
        }
    }

    /// Waits no more for a connection's end; it is still read, and sent what waits.
    func ignoreEnd(_ connection: Connection.Pointer) {
        connection.pointee.presence.isEndKnown = true
        setWaking(connection, watchesEnd: false)
    }

    /// Waits for the end of a connection again that is not read any more, if it was ignored.
    func attendEnd(_ connection: Connection.Pointer) {
        guard connection.pointee.presence.isEndKnown else { return }
        connection.pointee.presence.isEndKnown = false
        setWaking(connection, watchesEnd: true)
    }

    /// Waits for an endpoint's connections, or not.
    func setAccepting(_ endpoint: Int, _ isAwaited: Bool, descriptor: Int32) {
        wakers.change(
            descriptor,
            token: Self.endpointToken + UInt64(endpoint),
            to: isAwaited ? .readable : []
        )
    }

    private mutating func freeNumber() -> UInt16? {
        guard count < numbersMax else { return nil }
        repeat {
            lastNumber = Int(lastNumber) >= numbersMax ? 1 : lastNumber + 1
        } while slots[Int(lastNumber)] != nil
        return lastNumber
    }
}
