package import Disk
import Synchronization

/// How many bytes quarantine has, how many it may have, and whether it takes more.
///
/// Any thread may call. Full is when the bytes have reached the limit, until they are a 16th below it
/// again; and when the disk of `quarantine/` refused a file or its growth, until ``readmit()``.
package final class QuarantineQuota: Sendable {
    /// What producers hear, and the ledger's reason for what was dropped.
    package static let reason = "quarantine_full"

    private struct State {
        /// Bytes; `.max` is no limit.
        var limit: Int
        var isOver = false
        var refusal: FileSystemError?
    }

    private let state: Mutex<State>
    private let full = Atomic<Bool>(false)
    /// At these bytes the state may change.
    private let mark: Atomic<Int>
    /// Bytes of the files, sealed and open.
    private let written = Atomic<Int>(0)
    /// Raw bytes of lines that wait to be deflated.
    private let pending = Atomic<Int>(0)
    /// Bytes written since the start.
    private let grown = Atomic<Int>(0)
    private let refusedMessages = Atomic<Int>(0)

    /// `limit`: bytes, 0 for none.
    package init(limit: Int = 0) {
        let limit = limit > 0 ? limit : .max
        state = Mutex(State(limit: limit))
        mark = Atomic(limit)
    }

    /// Whether nothing more may go into quarantine: one atomic load.
    package var isFull: Bool { full.load(ordering: .relaxed) }

    /// What there is now: bytes of files, and raw bytes of lines on their way into them.
    package var bytes: Int {
        max(0, written.load(ordering: .relaxed)) + max(0, pending.load(ordering: .relaxed))
    }

    /// Messages that were not taken because of it, since the start.
    package var refused: Int { refusedMessages.load(ordering: .relaxed) }

    package func countRefused() {
        refusedMessages.wrappingAdd(1, ordering: .relaxed)
    }

    /// Why quarantine takes nothing more; nil when it does.
    package var why: String? {
        let (isOver, limit, refusal) = state.withLock { ($0.isOver, $0.limit, $0.refusal) }
        if let refusal { return "its disk refuses: \(refusal)" }
        return isOver ? "\(bytes) bytes, quarantine.maxBytes is \(limit)" : nil
    }

    /// Takes a new limit in bytes, 0 for none; it counts at once.
    package func setLimit(_ limit: Int) {
        state.withLock { state in
            state.limit = limit > 0 ? limit : .max
            state.isOver = bytes >= state.limit
            settle(state)
        }
    }

    // MARK: - What writers tell

    /// A line of so many raw bytes was taken.
    func take(_ byteCount: Int) {
        pending.wrappingAdd(byteCount, ordering: .relaxed)
        look()
    }

    /// So many raw bytes of lines have been deflated, and files have grown by so many bytes.
    func deflated(raw: Int, compressed: Int) {
        pending.wrappingSubtract(raw, ordering: .relaxed)
        written.wrappingAdd(compressed, ordering: .relaxed)
        grown.wrappingAdd(compressed, ordering: .relaxed)
        look()
    }

    /// The disk refused a file or its growth.
    package func refuse(_ error: FileSystemError) {
        state.withLock { state in
            state.refusal = error
            settle(state)
        }
    }

    /// Whether the disk has refused something since the last ``readmit()``.
    package var isRefused: Bool { state.withLock { $0.refusal != nil } }

    /// The disk takes files again.
    package func readmit() {
        state.withLock { state in
            state.refusal = nil
            settle(state)
        }
    }

    // MARK: - What is measured

    /// Bytes written so far; for ``measured(_:since:)``.
    package var growth: Int { grown.load(ordering: .relaxed) }

    /// All files together were found to have so many bytes by someone who began to look at `growth`;
    /// what has been written meanwhile counts once more, until the next time.
    package func measured(_ byteCount: Int, since growth: Int) {
        written.store(byteCount + (self.growth - growth), ordering: .relaxed)
        look()
    }

    /// Files of so many bytes were removed.
    package func removed(_ byteCount: Int) {
        written.wrappingSubtract(byteCount, ordering: .relaxed)
        look()
    }

    private func look() {
        let mark = mark.load(ordering: .relaxed)
        let isOver = bytes >= abs(mark)
        // A negative mark is that at which quarantine is free again.
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
