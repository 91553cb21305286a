/// Tries every order in which the accesses and store-buffer flushes of simulated threads can reach
/// memory.
///
/// States seen before are not explored again, so it counts the orders without walking each.
struct InterleavingExplorer {
    /// The result of the search.
    struct Outcome: CustomStringConvertible {
        /// Distinct states of machine and programs.
        var states = 0
        /// Distinct orders of accesses and flushes, from start to end.
        var orders = 0.0
        /// The first error found; nil if there is none.
        var violation: String?
        /// The accesses that led to the violation, first to last.
        var trail: [String] = []

        var description: String { "\(states) states, \(orders) orders" }
    }

    private var programs: [ProgramTree]
    private let statesMax: Int
    private var ordersFrom: [MachineState: Double] = [:]
    private var trail: [String] = []
    private var violation: String?

    private init(programs: [ProgramTree.Program], statesMax: Int) {
        self.programs = programs.map { ProgramTree($0) }
        self.statesMax = statesMax
    }

    /// Explores until the end, the first violation, or `statesMax` states (also a violation: an
    /// incomplete search proves nothing).
    static func explore(
        locations: Int,
        programs: [ProgramTree.Program],
        statesMax: Int = 400_000
    ) -> Outcome {
        var explorer = InterleavingExplorer(programs: programs, statesMax: statesMax)
        let start = MachineState(locations: locations, threads: programs.count)
        let orders = explorer.orders(from: start)
        return Outcome(
            states: explorer.ordersFrom.count,
            orders: orders,
            violation: explorer.violation,
            trail: explorer.trail.reversed()
        )
    }

    private mutating func orders(from state: MachineState) -> Double {
        if let known = ordersFrom[state] { return known }
        guard ordersFrom.count < statesMax else { return stop("more than \(statesMax) states") }
        if let thread = programs.indices.first(where: { isAboutToStore($0, in: state) }),
            let after = step(thread, from: state)
        {
            let sum = orders(from: after)
            if violation != nil { tell("\(thread): \(operation(of: thread, in: state))") }
            ordersFrom[state] = sum
            return sum
        }
        let sum = ordersOfEveryStep(from: state)
        ordersFrom[state] = sum
        return sum
    }

    /// A store only enters the thread's own buffer, which no other step sees or hinders: making it
    /// first misses no order.
    ///
    /// Its flush is what is tried in every order.
    private func isAboutToStore(_ thread: Int, in state: MachineState) -> Bool {
        if case .store = operation(of: thread, in: state) { return true }
        return false
    }

    private mutating func ordersOfEveryStep(from state: MachineState) -> Double {
        var sum = 0.0
        var hasSuccessor = false
        for thread in programs.indices where violation == nil {
            for index in state.flushable(thread) where violation == nil {
                hasSuccessor = true
                var after = state
                after.flush(thread, index)
                sum += orders(from: after)
                if violation != nil { tell("\(thread) flushes \(state.buffers[thread][index])") }
            }
            guard let after = step(thread, from: state), violation == nil else { continue }
            hasSuccessor = true
            sum += orders(from: after)
            if violation != nil { tell("\(thread): \(operation(of: thread, in: state))") }
        }
        if !hasSuccessor, violation == nil { sum = orders(atEnd: state) }
        return sum
    }

    /// Records an access that led to the violation; called on the way back, so the last one first.
    private mutating func tell(_ access: String) {
        trail.append("thread \(access)")
    }

    private func operation(of thread: Int, in state: MachineState) -> Operation {
        programs[thread].operation(at: state.places[thread])
    }

    /// Returns the state after the thread's next operation; nil if it sleeps or has ended.
    private mutating func step(_ thread: Int, from state: MachineState) -> MachineState? {
        guard state.sleepsOn[thread] == MachineState.awake else { return nil }
        let operation = operation(of: thread, in: state)
        switch operation {
        case .finish: return nil
        case .fail(let message):
            violation = violation ?? message
            return nil
        default: break
        }
        var after = state
        if let result = after.perform(operation, by: thread) {
            after.places[thread] = programs[thread].place(
                after: state.places[thread],
                result: result
            )
        }
        if case .wake(let location) = operation { wakeSleepers(on: location, in: &after) }
        return after
    }

    private mutating func wakeSleepers(on location: Int, in state: inout MachineState) {
        for thread in programs.indices where state.sleepsOn[thread] == location {
            state.sleepsOn[thread] = MachineState.awake
            state.places[thread] = programs[thread].place(after: state.places[thread], result: 0)
        }
    }

    private mutating func orders(atEnd state: MachineState) -> Double {
        let asleep = programs.indices.filter { state.sleepsOn[$0] != MachineState.awake }
        return asleep.isEmpty ? 1 : stop("lost wake-up: threads \(asleep) sleep for ever")
    }

    private mutating func stop(_ message: String) -> Double {
        violation = violation ?? message
        return 0
    }
}
