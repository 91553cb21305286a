import Foundation

/// The queue that the ring is compared with: copies of the records in an array, a mutex, and
/// condition variables; bounded in bytes like the ring.
final class MutexQueue: @unchecked Sendable {
    // Unchecked: `condition` guards everything.

    private let condition = NSCondition()
    private var records: [[UInt8]?] = Array(repeating: nil, count: 2048)
    private var first = 0
    private var count = 0

    /// Adds a copy; there must be room.
    func push(_ message: [UInt8]) {
        condition.lock()
        add(message)
        condition.unlock()
    }

    /// Waits for room and adds a copy.
    func pushWhenRoom(_ message: [UInt8]) {
        condition.lock()
        while count == records.count { condition.wait() }
        add(message)
        if count == 1 { condition.signal() }
        condition.unlock()
    }

    /// Removes the oldest record, if there is one.
    func pop() -> [UInt8]? {
        condition.lock()
        defer { condition.unlock() }
        return count == 0 ? nil : take()
    }

    /// Waits for a record and removes the oldest.
    func popWhenAny() -> [UInt8]? {
        condition.lock()
        while count == 0 { condition.wait() }
        if count == records.count { condition.signal() }
        defer { condition.unlock() }
        return take()
    }

    private func add(_ message: [UInt8]) {
        // A copy of the bytes, because a received message's memory belongs to its socket.
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
