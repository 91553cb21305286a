import Ring

/// Replays a program with recorded results, and finds its next operation.
///
/// The program runs from its start each time. Its first access without a recorded result becomes
/// `next`; the rest of the run gets harmless values and is ignored.
final class SimulatedThread {
    private(set) var next: Operation?
    private let results: [Int]
    private var used = 0
    private var lastLoaded: [Int: Int] = [:]

    init(results: [Int]) {
        self.results = results
    }

    /// Whether the rest of the run is ignored: programs must then leave their loops.
    var isOver: Bool { next != nil }

    func load(_ location: Int) -> Int {
        // The value it last saw cannot mislead the ring's code.
        let value = perform(.load(location)) ?? lastLoaded[location] ?? 0
        lastLoaded[location] = value
        return value
    }

    /// Returns the value that this thread last loaded from a location.
    func last(_ location: Int) -> Int { lastLoaded[location] ?? 0 }

    func store(_ location: Int, _ value: Int, isRelease: Bool = false) {
        _ = perform(.store(location, value: value, isRelease: isRelease))
    }

    func exchange(_ location: Int, _ value: Int) -> Int {
        perform(.exchange(location, value: value)) ?? 0
    }

    func sleep(_ location: Int, whileValue value: Int) {
        _ = perform(.sleep(location, whileValue: value))
    }

    func wake(_ location: Int) {
        _ = perform(.wake(location))
    }

    func fail(_ message: String) {
        _ = perform(.fail(message))
    }

    private func perform(_ operation: Operation) -> Int? {
        guard next == nil else { return nil }
        guard used < results.count else {
            next = operation
            return nil
        }
        defer { used += 1 }
        return results[used]
    }
}

/// Every place that a deterministic program can reach, by the results it received.
struct ProgramTree {
    typealias Program = (SimulatedThread) -> Void

    private struct Place {
        var operation: Operation
        var results: [Int]
        var following: [Int: Int] = [:]
    }

    private let program: Program
    private var places: [Place] = []

    init(_ program: @escaping Program) {
        self.program = program
        addPlace(results: [])
    }

    /// Returns the program's next operation at a place.
    func operation(at place: Int) -> Operation { places[place].operation }

    /// Returns the program's place after its next operation returned `result`.
    mutating func place(after place: Int, result: Int) -> Int {
        if let known = places[place].following[result] { return known }
        addPlace(results: places[place].results + [result])
        places[place].following[result] = places.count - 1
        return places.count - 1
    }

    private mutating func addPlace(results: [Int]) {
        let thread = SimulatedThread(results: results)
        program(thread)
        places.append(Place(operation: thread.next ?? .finish, results: results))
    }
}
