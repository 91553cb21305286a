import Intake
import Platform
import Synchronization

/// What the event loops of a source have in common: its connections and their numbers, the bytes of
/// bodies, and what operators are to know.
///
/// Any thread may call. No call costs anything per event; numbers are taken per connection.
final class LoopCommons: Sendable {
    private struct Numbers {
        /// The lowest number that was never taken.
        var fresh: UInt16 = 1
        var free: [UInt16] = []
    }

    private let limits: HTTPConfiguration.Limits
    private let figures: RequestFigures
    private let places: [SourceShared]
    private let numbers = Mutex(Numbers())
    private let connections = Atomic<Int>(0)
    private let closed = Atomic<Bool>(false)
    private let notices = Mutex(PeerNotices())

    init(_ configuration: HTTPConfiguration, places: [SourceShared]) {
        limits = configuration.limits
        figures = configuration.figures
        self.places = places
    }

    // MARK: - Connections

    /// Counts another connection; returns false if the source has as many as it may have.
    func admit() -> Bool {
        let before = connections.wrappingAdd(1, ordering: .relaxed).oldValue
        guard before >= limits.connectionsMax else { return true }
        leave()
        return false
    }

    /// Notes that an admitted connection has ended.
    func leave() { connections.wrappingSubtract(1, ordering: .relaxed) }

    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// A number for what waits for answers, from 1; nil if all are in use.
    ///
    /// Writers know a source's connections by number, whichever loop has them.
    func takeNumber() -> UInt16? {
        numbers.withLock { numbers in
            if let number = numbers.free.popLast() { return number }
            guard numbers.fresh < UInt16.max else { return nil }
            defer { numbers.fresh += 1 }
            return numbers.fresh
        }
    }

    func giveBack(_ number: UInt16) { numbers.withLock { $0.free.append(number) } }

    // MARK: - Bytes of bodies that are in no ring

    /// Whether they take all the memory that they may.
    var isFull: Bool { figures.bufferedBytes.load(ordering: .relaxed) >= limits.bufferedBytesMax }

    func buffer(_ bytes: Int) { figures.bufferedBytes.wrappingAdd(bytes, ordering: .relaxed) }

    /// Gives bytes back; all loops are woken if that ends ``isFull``.
    func release(_ bytes: Int) {
        let before = figures.bufferedBytes.wrappingSubtract(bytes, ordering: .relaxed)
            .oldValue
        let max = limits.bufferedBytesMax
        if before >= max, before - bytes < max, places.count > 1 { wake() }
    }

    /// Lets every loop look what is to do.
    private func wake() {
        for place in places { place.signal() }
    }

    // MARK: - The end

    /// Whether no connection can come any more.
    var isClosed: Bool { closed.load(ordering: .acquiring) }

    func close() {
        closed.store(true, ordering: .releasing)
        wake()
    }

    // MARK: - Operators

    func tell(_ kind: PeerNotice.Kind, _ client: Client, why detail: String) {
        let notice = PeerNotice(kind, peer: client.name, detail: detail)
        let now = SystemClock.monotonicNanoseconds
        // Of strangers one line an hour is enough.
        let host = kind == .unknownWriteKey ? "" : client.name
        notices.withLock { $0.add(notice, host: host, at: now) }
    }

    func takeNotices() -> [PeerNotice] { notices.withLock { $0.take() } }
}
