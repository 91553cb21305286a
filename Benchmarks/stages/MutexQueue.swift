import Foundation

/// The queue the ring is measured against: copies of the records in an array, a mutex, and
/// condition variables; bounded in bytes like the ring.
final class MutexQueue: @unchecked Sendable {
    // Unchecked: `condition` guards everything.

    private let condition = NSCondition()
    private var records: [[UInt8]?] = Array(repeating: nil, count: 2048)
    private var first = 0
    private var count = 0

    /// Adds a copy; the caller knows that there is room.
    func push(_ message: [UInt8]) {
        condition.lock()
        add(message)
        condition.unlock()
    }

    /// Adds a copy, and waits for room first.
    func pushWhenRoom(_ message: [UInt8]) {
        condition.lock()
        while count == records.count { condition.wait() }
        add(message)
        if count == 1 { condition.signal() }
        condition.unlock()
    }

    /// The oldest record, if there is one.
    func pop() -> [UInt8]? {
        condition.lock()
        defer { condition.unlock() }
        return count == 0 ? nil : take()
    }

    /// The oldest record; waits for one.
    func popWhenAny() -> [UInt8]? {
        condition.lock()
        while count == 0 { condition.wait() }
        if count == records.count { condition.signal() }
        defer { condition.unlock() }
        return take()
    }

    private func add(_ message: [UInt8]) {
        // A copy of the bytes: what arrives from a socket is the socket's.
        records[(first + count) % records.count] = message.withUnsafeBytes { [UInt8]($0) }
        count += 1
    }

    private func take() -> [UInt8]? {
        defer {
            records[first] = nil
            first = (first + 1) % records.count
            count -= 1
        }
        return records[first]
    }
}
