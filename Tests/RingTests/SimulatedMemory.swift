/// One access of a simulated thread to the simulated machine.
enum Operation: Hashable {
    /// Loads are not reordered: the model is a machine with store buffers.
    case load(Int)
    /// Stays in the thread's buffer until it is flushed; a release leaves only as the oldest.
    case store(Int, value: Int, isRelease: Bool)
    /// Empties the thread's own buffer, then swaps atomically.
    case exchange(Int, value: Int)
    /// futex(2): empties the buffer, sleeps if the location holds `value`.
    case sleep(Int, whileValue: Int)
    /// futex(2): empties the buffer, wakes the threads that sleep on the location.
    case wake(Int)
    /// The program has ended.
    case finish
    /// The program has detected an error.
    case fail(String)
}

/// The state of the simulated machine: memory, a store buffer per thread, and each thread's place
/// in its program (a number from `ProgramTree`).
///
/// Store buffers are flushed in any order, except that stores to one location keep theirs, and a
/// release waits for everything older: at least as weak as x86 and as the stores of ARM.
struct MachineState: Hashable {
    struct Store: Hashable {
        var location: Int
        var value: Int
        var isRelease: Bool
    }

    static let awake = -1

    var memory: [Int]
    var buffers: [[Store]]
    var places: [Int]
    var sleepsOn: [Int]

    init(locations: Int, threads: Int) {
        memory = Array(repeating: 0, count: locations)
        buffers = Array(repeating: [], count: threads)
        places = Array(repeating: 0, count: threads)
        sleepsOn = Array(repeating: Self.awake, count: threads)
    }

    /// Returns which of a thread's buffered stores may reach memory next.
    func flushable(_ thread: Int) -> [Int] {
        let buffer = buffers[thread]
        return buffer.indices.filter { index in
            if buffer[index].isRelease { return index == 0 }
            return !buffer[..<index].contains { $0.location == buffer[index].location }
        }
    }

    /// Moves one buffered store to memory.
    mutating func flush(_ thread: Int, _ index: Int) {
        let store = buffers[thread].remove(at: index)
        memory[store.location] = store.value
    }

    /// Performs the next operation of `thread`.
    ///
    /// Returns the result with which its program continues, or nil while it sleeps.
    mutating func perform(_ operation: Operation, by thread: Int) -> Int? {
        switch operation {
        case .load(let location):
            return buffers[thread].last { $0.location == location }?.value ?? memory[location]
        case .store(let location, let value, let isRelease):
            buffers[thread].append(Store(location: location, value: value, isRelease: isRelease))
            return 0
        case .exchange(let location, let value):
            flushAll(thread)
            defer { memory[location] = value }
            return memory[location]
        case .sleep(let location, let value):
            flushAll(thread)
            guard memory[location] == value else { return 0 }
            sleepsOn[thread] = location
            return nil
        case .wake:
            flushAll(thread)
            return 0
        case .finish, .fail:
            return nil
        }
    }

    private mutating func flushAll(_ thread: Int) {
        while !buffers[thread].isEmpty { flush(thread, 0) }
    }
}
