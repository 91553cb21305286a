import Glibc
import Platform
import Synchronization

/// A producer of a source, and what it has sent in this run.
///
/// Any thread may call.
package final class Producer: Sendable {
    /// What producers are told apart by.
    package enum Kind: String, Sendable {
        /// The name of a key that it has proved to have.
        case key
        /// Its address; nothing proves it.
        case address
        /// All producers of a source that are not told apart.
        case others
    }

    /// Below ``ProducerBook/countMax``, and never reused.
    ///
    /// That of a source's others is the source's index.
    package let number: Int
    /// The source's index.
    package let source: Int
    /// At most 128 bytes, printable; empty for ``Kind/others``.
    package let name: String
    package let kind: Kind
    /// The UTF-8 of the name; valid as long as the producer.
    package nonisolated(unsafe) let nameBytes: UnsafeRawBufferPointer
    package let intake = ProducerFigures()
    package let allowance = ProducerAllowance()
    private let connection = Mutex(Connection())

    /// Its connections, and the last refusal.
    package struct Connection: Sendable, Equatable {
        package var count = 0
        /// Since when it has been connected without a break; microseconds since 1970 UTC.
        package var since: Int64 = 0
        package var refusal: Refusal?
    }

    /// Why something of it was last refused, and when, in microseconds since 1970 UTC.
    package struct Refusal: Sendable, Equatable {
        package var reason: String
        package var at: Int64
    }

    init(number: Int, source: Int, name: String = "", kind: Kind) {
        self.number = number
        self.source = source
        self.name = name
        self.kind = kind
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: name.utf8.count,
            alignment: 1
        )
        bytes.copyBytes(from: name.utf8)
        nameBytes = UnsafeRawBufferPointer(bytes)
    }

    deinit {
        nameBytes.deallocate()
    }

    /// Whether it alone sends under this name, so that it has a share of what all use: those of this
    /// machine have one address.
    package var hasShare: Bool {
        switch kind {
        case .key: true
        case .address: !name.hasPrefix("tcp://127.") && name != "tcp://[::1]"
        case .others: false
        }
    }

    package func connect() {
        let now = SystemClock.wallMicroseconds
        connection.withLock { connection in
            if connection.count == 0 { connection.since = now }
            connection.count += 1
        }
    }

    package func disconnect() {
        connection.withLock { $0.count -= 1 }
    }

    package func note(refusal reason: String) {
        let refusal = Refusal(reason: reason, at: SystemClock.wallMicroseconds)
        connection.withLock { $0.refusal = refusal }
    }

    package var connections: Connection { connection.withLock { $0 } }
}

/// Counters of a producer; any thread may count.
package final class ProducerFigures: Sendable {
    private let messageCount = Atomic<Int>(0)
    private let byteCount = Atomic<Int>(0)
    private let answerCount = Atomic<Int>(0)

    package func add(messages: Int, bytes: Int) {
        messageCount.wrappingAdd(messages, ordering: .relaxed)
        byteCount.wrappingAdd(bytes, ordering: .relaxed)
    }

    package func addAnswer() { answerCount.wrappingAdd(1, ordering: .relaxed) }

    package var messages: Int { messageCount.load(ordering: .relaxed) }
    /// Payload bytes.
    package var bytes: Int { byteCount.load(ordering: .relaxed) }
    package var answers: Int { answerCount.load(ordering: .relaxed) }
}
