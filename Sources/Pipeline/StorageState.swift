import Intake
import Synchronization

/// Whether the disk takes more, and who says it does not.
///
/// Any thread may call.
///
/// While anybody holds a reason, every source is asked to take nothing in: producers feel
/// back-pressure, nothing is dropped, and the control socket goes on answering.
final class StorageState: Sendable {
    enum Holder: Hashable, Sendable, Comparable {
        /// Free space is under the minimum.
        case minimum
        /// A writer waits for room.
        case writer(Int)
        /// A committer waits for room.
        case committer(Int)
        /// Too many answers of a writer wait for another's commit.
        case answers(Int)
        /// The disk failed a writer's segments, which are being written anew.
        case failed(Int)
        /// The disk is full, and what is in flight is finished with the reserve.
        case reserve
    }

    private let reasons = Mutex<[Holder: String]>([:])
    private let sources: [SourceShared]
    private let onChange: @Sendable (String?) -> Void

    /// `onChange`: told the first reason when intake stops, and nil when it goes on.
    init(sources: [SourceShared], onChange: @escaping @Sendable (String?) -> Void) {
        self.sources = sources
        self.onChange = onChange
    }

    /// The reason why intake stands still; nil when it does not.
    var reason: String? {
        reasons.withLock { reasons in reasons.min { $0.key < $1.key }?.value }
    }

    /// Whether the reserve is in use.
    let usesReserve = Atomic<Bool>(false)
    /// Whether the reserve is in use or free space is below the minimum.
    ///
    /// Writers then take no messages from their rings.
    let lacksRoom = Atomic<Bool>(false)

    func block(_ holder: Holder, _ reason: String) {
        let isFirst = reasons.withLock { reasons in
            let isFirst = reasons.isEmpty
            reasons[holder] = reason
            note(reasons)
            // Under the lock: flags follow the reasons in the same order.
            if isFirst { for source in sources { source.ask(.blocked) } }
            return isFirst
        }
        if isFirst { onChange(reason) }
    }

    private func note(_ reasons: [Holder: String]) {
        let usesReserve = reasons[.reserve] != nil
        self.usesReserve.store(usesReserve, ordering: .releasing)
        lacksRoom.store(usesReserve || reasons[.minimum] != nil, ordering: .releasing)
    }

    func unblock(_ holder: Holder) {
        let isLast = reasons.withLock { reasons in
            let isLast = reasons.removeValue(forKey: holder) != nil && reasons.isEmpty
            note(reasons)
            if isLast { for source in sources { source.cancel(.blocked) } }
            return isLast
        }
        if isLast { onChange(nil) }
    }
}
