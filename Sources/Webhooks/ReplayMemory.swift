/// A signed token that must be used once.
package struct ReplayMark: Hashable, Sendable {
    private let token: [UInt8]

    init(_ token: [UInt8]) { self.token = token }
}

/// The tokens that were used last, as many as it has room for.
///
/// A token that is pushed out by others could be used again until its time is over, so the room
/// should be as large as the number of requests within the tolerance. One owner.
package struct ReplayMemory: Sendable {
    /// 65,536 tokens are about 10 MB.
    package static let countMax = 65_536

    private let room: Int
    private var marks: Set<ReplayMark> = []
    /// The marks in the order of their arrival, a ring once it is full; nil for a forgotten one.
    private var order: [ReplayMark?] = []
    private var next = 0

    package init(room: Int = ReplayMemory.countMax) { self.room = max(room, 1) }

    package var count: Int { marks.count }

    /// Returns whether a token is new, and remembers it.
    mutating func remember(_ mark: ReplayMark) -> Bool {
        guard marks.insert(mark).inserted else { return false }
        guard order.count == room else {
            order.append(mark)
            return true
        }
        if let oldest = order[next] { marks.remove(oldest) }
        order[next] = mark
        next = (next + 1) % room
        return true
    }

    /// Forgets a token whose events were not stored, so that the sender can repeat the request.
    package mutating func forget(_ mark: ReplayMark) {
        guard marks.remove(mark) != nil else { return }
        if let place = order.lastIndex(of: mark) { order[place] = nil }
    }
}
