/// The memory of a shard's records by scope, so that no scope makes the ids of others be forgotten.
///
/// Not thread-safe: the caller holds the shard's lock.
struct IdentityShares {
    /// A scope may have one part in so many of the memory before its ids are the first to be
    /// forgotten.
    private static let parts = 4

    private let bytes: UnsafeMutablePointer<Int>
    private var total = 0
    /// The scope that most recently had the most bytes.
    private var largest = 0

    init() {
        bytes = .allocate(capacity: IdentityWindow.scopesMax)
        bytes.initialize(repeating: 0, count: IdentityWindow.scopesMax)
    }

    func free() { bytes.deallocate() }

    @inline(__always)
    mutating func add(_ scope: Int, _ byteCount: Int) {
        total &+= byteCount
        bytes[scope] &+= byteCount
        if bytes[scope] > bytes[largest] { largest = scope }
    }

    mutating func remove(_ scope: Int, _ byteCount: Int) {
        total &-= byteCount
        bytes[scope] &-= byteCount
    }

    /// Whether a scope has more than its share.
    func isOver(_ scope: Int) -> Bool { bytes[scope] > total / Self.parts }

    /// Whether a record of the scope is kept while memory is short: others have more than their share.
    func protects(_ scope: Int) -> Bool { !isOver(scope) && isOver(largest) }
}
