package import Disk
import Synchronization

/// The bytes in quarantine, their limit, and whether quarantine accepts more.
///
/// Any thread may call. It is full from the moment the bytes reach the limit until they are a 16th
/// below it, and from a refusal by the disk of `quarantine/` until ``readmit()``.
package final class QuarantineQuota: Sendable {
    /// The reason in answers to producers, and in the ledger for dropped events.
    package static let reason = "quarantine_full"

    private struct State {
        /// In bytes; `.max` is no limit.
        var limit: Int
        var isOver = false
        var refusal: FileSystemError?
    }

    private let state: Mutex<State>
    private let full = Atomic<Bool>(false)
    /// The number of bytes at which the state may change.
    private let mark: Atomic<Int>
    /// Bytes of the files, sealed and open.
    private let written = Atomic<Int>(0)
    /// Raw bytes of lines that wait to be deflated.
    private let pending = Atomic<Int>(0)
    /// Bytes written since the start.
    private let grown = Atomic<Int>(0)
    private let refusedMessages = Atomic<Int>(0)
    package let shares = QuarantineShares()

    /// - `limit`: bytes, 0 for none.
    /// - `share`: the percentage of it that each producer may use.
    package init(limit: Int = 0, share: Int = 100) {
        let limit = limit > 0 ? limit : .max
        state = Mutex(State(limit: limit))
        mark = Atomic(limit)
        shares.set(limit: limit)
        shares.set(percent: share)
    }

    /// Whether quarantine accepts nothing more: one atomic load.
    package var isFull: Bool { full.load(ordering: .relaxed) }

    /// The current bytes: of files, and raw bytes of lines that will be written to them.
    package var bytes: Int {
        max(0, written.load(ordering: .relaxed)) + max(0, pending.load(ordering: .relaxed))
    }

    /// Messages that were refused because of it, since the start.
    package var refused: Int { refusedMessages.load(ordering: .relaxed) }

    package func countRefused() {
        refusedMessages.wrappingAdd(1, ordering: .relaxed)
    }

    /// Why quarantine accepts nothing more; nil if it does.
    package var why: String? {
        let (isOver, limit, refusal) = state.withLock { ($0.isOver, $0.limit, $0.refusal) }
        if let refusal { return "its disk refuses: \(refusal)" }
        return isOver ? "\(bytes) bytes, quarantine.maxBytes is \(limit)" : nil
    }

    /// Sets a new limit in bytes, 0 for none; effective at once.
    package func setLimit(_ limit: Int) {
        state.withLock { state in
            state.limit = limit > 0 ? limit : .max
            state.isOver = bytes >= state.limit
            settle(state)
        }
        shares.set(limit: limit > 0 ? limit : .max)
    }

    // MARK: - Reports by writers

    /// Counts the raw bytes of a line that was accepted; of a producer that has a share, or nil.
    func take(_ byteCount: Int, of producer: Int? = nil) {
        if let producer { shares.take(byteCount, of: producer) }
        pending.wrappingAdd(byteCount, ordering: .relaxed)
        look()
    }

    /// Counts raw bytes of lines that were deflated, and the bytes by which files have grown.
    func deflated(raw: Int, compressed: Int) {
        pending.wrappingSubtract(raw, ordering: .relaxed)
        written.wrappingAdd(compressed, ordering: .relaxed)
        grown.wrappingAdd(compressed, ordering: .relaxed)
        shares.deflated(raw: raw, compressed: compressed)
        look()
    }

    /// Records that the disk refused a file or its growth.
    package func refuse(_ error: FileSystemError) {
        state.withLock { state in
            state.refusal = error
            settle(state)
        }
    }

    /// Whether the disk has refused a call since the last ``readmit()``.
    package var isRefused: Bool { state.withLock { $0.refusal != nil } }

    /// Records that the disk accepts files again.
    package func readmit() {
        state.withLock { state in
            state.refusal = nil
            settle(state)
        }
    }

    // MARK: - Measurements

    /// Bytes written so far; for ``measured(_:since:)``.
    package var growth: Int { grown.load(ordering: .relaxed) }

    /// Sets the total size of all files, from a measurement that began at `growth`; bytes written
    /// during the measurement count twice until the next one.
    package func measured(_ byteCount: Int, since growth: Int) {
        written.store(byteCount + (self.growth - growth), ordering: .relaxed)
        look()
    }

    /// Subtracts the bytes of files that were removed.
    package func removed(_ byteCount: Int) {
        shares.removed(byteCount, of: bytes)
        written.wrappingSubtract(byteCount, ordering: .relaxed)
        look()
    }

    private func look() {
        let mark = mark.load(ordering: .relaxed)
        let isOver = bytes >= abs(mark)
        // A negative mark is the one at which quarantine is no longer full.
        guard isOver == (mark > 0) else { return }
        state.withLock { state in
            let free = state.limit - state.limit / 16
            state.isOver = state.isOver ? bytes >= free : bytes >= state.limit
            settle(state)
        }
    }

    private func settle(_ state: State) {
        let free = state.limit - state.limit / 16
        mark.store(state.isOver ? -free : state.limit, ordering: .relaxed)
        full.store(state.isOver || state.refusal != nil, ordering: .relaxed)
    }
}
