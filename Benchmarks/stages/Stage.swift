/// One part of an event's way, run over and over on the same inputs.
///
/// Inputs are made before, so that ``run(_:)`` does the stage's work alone: no clock, nothing
/// random. What it gives depends on all that was done, so that no work can be left out.
protocol Stage: ~Copyable {
    mutating func run(_ iterations: Int) throws -> Int
}

/// A stage as the command line and the table know it.
struct StageEntry: Sendable {
    /// What an iteration is made of.
    enum Unit: String, Sendable {
        case event, record, commit
    }

    let name: String
    let text: String
    var unit = Unit.event
    var unitsPerIteration = EventInputs.count
    /// Of one iteration.
    let bytes: Int
    /// For one round of the table: some tens of milliseconds.
    let iterationsPerRound: Int
    /// Whether the same instructions are done every time; not so where threads meet.
    var isCounted = true
    /// The stage that its time is to be compared with.
    var reference: String?
    let make: @Sendable () throws -> any StageRunner
}

/// Hides which stage it is.
protocol StageRunner: AnyObject {
    func run(_ iterations: Int) throws -> Int
}

/// Keeps a stage that cannot be copied.
///
/// One check of exclusive access a run, none inside.
final class RunningStage<Body: Stage & ~Copyable>: StageRunner {
    private var body: Body

    init(_ body: consuming Body) {
        self.body = body
    }

    func run(_ iterations: Int) throws -> Int {
        try body.run(iterations)
    }
}
