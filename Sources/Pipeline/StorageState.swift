import Intake
import Synchronization

/// Whether the disk accepts more, and the reasons if it does not.
///
/// Any thread may call.
///
/// While there is any reason, every source is asked to take in nothing: producers feel
/// back-pressure, nothing is dropped, and the control socket still answers.
final class StorageState: Sendable {
    enum Holder: Hashable, Sendable, Comparable {
        /// Free space is below the minimum.
        case minimum
        /// A writer waits for room.
        case writer(Int)
        /// A committer waits for room.
        case committer(Int)
        /// Too many answers of a writer wait for another writer's commit.
        case answers(Int)
        /// The disk failed a writer's segments, which are being replaced.
        case failed(Int)
        /// The disk is full, and events in flight are finished with the reserve.
        case reserve
    }

    private let reasons = Mutex<[Holder: String]>([:])
    private let places: [SourceShared]
    private let onChange: @Sendable (String?) -> Void

    /// `onChange`: called with the first reason when intake stops, and with nil when it resumes.
    init(places: [SourceShared], onChange: @escaping @Sendable (String?) -> Void) {
        self.places = places
        self.onChange = onChange
    }

    /// Why intake is blocked; nil when it is not.
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
            // Under the lock, so that the flags change in the same order as the reasons.
            if isFirst { for place in places { place.ask(.blocked) } }
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
            if isLast { for place in places { place.cancel(.blocked) } }
            return isLast
        }
        if isLast { onChange(nil) }
    }
}
