/// One step of event processing, repeated on the same inputs.
///
/// Inputs are created before, so that ``run(_:)`` does the stage's work alone: no clock and no
/// randomness. Its result depends on all its work, so that the compiler can omit none.
protocol Stage: ~Copyable {
    mutating func run(_ iterations: Int) throws -> Int
}

/// A stage's entry for the command line and the table.
struct StageEntry: Sendable {
    /// What an iteration consists of.
    enum Unit: String, Sendable {
        case event, record, commit
    }

    let name: String
    let text: String
    var unit = Unit.event
    var unitsPerIteration = EventInputs.count
    /// Bytes per iteration.
    let bytes: Int
    /// Iterations in one round of the table: some tens of milliseconds.
    let iterationsPerRound: Int
    /// Whether it executes the same instructions every time; stages with several threads do not.
    var isCounted = true
    /// The stage that its time is compared with.
    var reference: String?
    let make: @Sendable () throws -> any StageRunner
}

/// A stage of any type.
protocol StageRunner: AnyObject {
    func run(_ iterations: Int) throws -> Int
}

/// Holds a noncopyable stage.
///
/// One check of exclusive access per run, none inside.
final class RunningStage<Body: Stage & ~Copyable>: StageRunner {
    private var body: Body

    init(_ body: consuming Body) {
        self.body = body
    }

    func run(_ iterations: Int) throws -> Int {
        try body.run(iterations)
    }
}
