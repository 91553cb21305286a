import Synchronization

/// How much of quarantine each producer has filled in this run, so that none takes the room of all.
///
/// What a producer's lines take on disk is estimated by how far lines of quarantine have been
/// compressed so far. When files are removed, every share shrinks in proportion.
///
/// Any thread may call.
package final class QuarantineShares: Sendable {
    private struct State {
        var percent = 100
        /// The limit of all, in bytes.
        var limit = Int.max
        /// Bytes of lines before compression, by producer.
        var lines: [Int: Double] = [:]
        /// Of all lines that were compressed.
        var raw = 0.0
        var compressed = 0.0

        var most: Double { Double(limit) * Double(percent) / 100 }

        func bytes(of producer: Int) -> Double {
            let ratio = raw > 0 ? compressed / raw : 1
            return (lines[producer] ?? 0) * ratio
        }

        func isFull(_ producer: Int) -> Bool {
            percent < 100 && limit != .max && bytes(of: producer) >= most
        }
    }

    private let state = Mutex(State())
    /// Whether any share has reached its limit.
    private let isAnyFull = Atomic<Bool>(false)

    init() {}

    /// Sets the percentage of the limit that each producer may use, 1 to 100; effective at once.
    package func set(percent: Int) {
        change { $0.percent = percent }
    }

    func set(limit: Int) {
        change { $0.limit = limit }
    }

    /// Whether a producer has used up its share: one atomic load while nobody has.
    package func isFull(_ producer: Int) -> Bool {
        isAnyFull.load(ordering: .relaxed) && look(producer)
    }

    @inline(never)
    private func look(_ producer: Int) -> Bool { state.withLock { $0.isFull(producer) } }

    /// The most bytes of a producer; nil without a limit.
    package var most: Int? {
        state.withLock { $0.limit == .max || $0.percent >= 100 ? nil : Int($0.most) }
    }

    /// The estimated bytes on disk of a producer's lines.
    package func bytes(of producer: Int) -> Int { state.withLock { Int($0.bytes(of: producer)) } }

    // MARK: - Reports

    /// Counts a line of a producer, in bytes before compression.
    func take(_ byteCount: Int, of producer: Int) {
        let isFull = state.withLock { state in
            state.lines[producer, default: 0] += Double(byteCount)
            return state.isFull(producer)
        }
        if isFull { isAnyFull.store(true, ordering: .relaxed) }
    }

    func deflated(raw: Int, compressed: Int) {
        change { state in
            state.raw += Double(raw)
            state.compressed += Double(compressed)
        }
    }

    /// Notes that files were removed, `byteCount` of `all` bytes.
    func removed(_ byteCount: Int, of all: Int) {
        guard all > 0 else { return }
        let rest = max(0, 1 - Double(byteCount) / Double(all))
        change { state in state.lines = state.lines.mapValues { $0 * rest } }
    }

    private func change(_ body: (inout State) -> Void) {
        let isAny = state.withLock { state in
            body(&state)
            return state.lines.keys.contains { state.isFull($0) }
        }
        isAnyFull.store(isAny, ordering: .relaxed)
    }
}
