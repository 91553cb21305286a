import Glibc
import Platform
package import Synchronization

/// The counters and requests that a place of a source shares with other threads.
///
/// A source with several places has one of these for each, and one ``PeerBook``. Counters are written
/// by the place's thread only; any thread may read. Flags may be set by any
/// thread, followed by ``signal()``.
package final class SourceShared: Sendable {
    package let messages = Atomic<Int>(0)
    /// Payload bytes.
    package let bytes = Atomic<Int>(0)
    /// Messages rejected as a whole because their form was invalid.
    package let rejected = Atomic<Int>(0)
    package let acknowledged = Atomic<Int>(0)
    /// Answers that could not be sent: the peer has disconnected, or does not read.
    package let acknowledgementsDropped = Atomic<Int>(0)
    /// Peers connected now.
    package let peers = Atomic<Int>(0)
    package let connections = ConnectionFigures()
    package let peerBook: PeerBook
    /// Decides on messages whose key is in their payload; set before the path starts.
    package var gate: (any RequestGate)? {
        get { ownGate.withLock { $0 } }
        set { ownGate.withLock { $0 = newValue } }
    }
    /// What is wrong with an endpoint now, as a sentence; nil if nothing is.
    package let problem = Mutex<String?>(nil)
    /// Set by the source: intake has ended, and everything received is in the rings.
    package let intakeEnded = Atomic<Bool>(false)
    /// Set by the source when it holds a message that fits in no ring.
    package let stalled = Atomic<Bool>(false)

    private let ownGate = Mutex<(any RequestGate)?>(nil)
    private let flags = Atomic<Int>(0)
    private let event: EventDescriptor

    /// The requests to a source.
    package struct Request: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// An operator paused the source.
        package static let paused = Request(rawValue: 1)
        /// Storage cannot take more.
        package static let blocked = Request(rawValue: 2)
        /// Receive what has arrived, then end intake.
        package static let draining = Request(rawValue: 4)
        /// Send the remaining answers, then end.
        package static let closing = Request(rawValue: 8)
        /// The ids of earlier events are still being read.
        package static let loading = Request(rawValue: 16)
        /// The requests during which nothing is taken in.
        package static let held: Request = [.paused, .blocked, .loading]
    }

    /// - `index`: the source's.
    /// - Throws: the errno text when the system refuses an eventfd.
    package init(
        index: Int = 0,
        producers: ProducerBook = ProducerBook(sources: 1)
    ) throws(IntakeError) {
        event = try Self.makeEvent()
        peerBook = PeerBook(producers, source: index)
    }

    /// Another place of the same source.
    package init(beside first: SourceShared) throws(IntakeError) {
        event = try Self.makeEvent()
        peerBook = first.peerBook
    }

    private static func makeEvent() throws(IntakeError) -> EventDescriptor {
        do {
            return try EventDescriptor()
        } catch {
            throw IntakeError("eventfd: error \(error.code)")
        }
    }

    package var requests: Request { Request(rawValue: flags.load(ordering: .acquiring)) }

    /// Adds a request and wakes the source.
    package func ask(_ request: Request) {
        flags.bitwiseOr(request.rawValue, ordering: .acquiringAndReleasing)
        signal()
    }

    /// Removes a request and wakes the source.
    package func cancel(_ request: Request) {
        flags.bitwiseAnd(~request.rawValue, ordering: .acquiringAndReleasing)
        signal()
    }

    /// Wakes the source: answers wait, a ring has room, or a flag changed.
    package func signal() {
        event.signal()
    }

    /// A descriptor that ``signal()`` makes readable; the source's thread waits on it.
    package var eventDescriptor: Int32 { event.number }

    /// Clears the signals so far; the source's thread only, before it looks for work.
    package func drainSignal() {
        event.drain()
    }
}

/// Why a source could not be set up.
package struct IntakeError: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
