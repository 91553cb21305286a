import Agents
import Intake
import Synchronization

/// A source as an agent on its own thread.
///
/// A failed source takes in nothing more, and remains until the path closes.
struct SourceAgent: Agent, ~Copyable {
    private let source: any IntakeSource
    private let name: String
    private let places: [SourceShared]
    private let notify: @Sendable (PipelineNotice) -> Void
    private var hasFailed = false

    private static let failedPause = Pause.milliseconds(100)

    init(
        _ source: any IntakeSource,
        name: String,
        places: [SourceShared],
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) {
        self.source = source
        self.name = name
        self.places = places
        self.notify = notify
    }

    var isFinished: Bool {
        hasFailed
            ? places.allSatisfy { $0.requests.contains(.closing) } : source.isFinished
    }

    mutating func doWork() throws(IntakeError) -> Int {
        if hasFailed { return 0 }
        let count = try source.doWork()
        tell()
        return count
    }

    mutating func idle(after count: Int) -> IdleStrategy {
        hasFailed ? .pause(Self.failedPause) : source.idle(after: count)
    }

    mutating func wait(nanoseconds: Int64) throws(IntakeError) {
        try source.wait(nanoseconds: nanoseconds)
        tell()
    }

    private func tell() {
        for notice in source.takeNotices() { notify(.peer(source: name, notice)) }
    }

    mutating func recover(from error: IntakeError) -> AfterError {
        notify(.sourceFailed(source: name, reason: "\(error)"))
        for place in places { place.intakeEnded.store(true, ordering: .releasing) }
        hasFailed = true
        return .goOn
    }

    mutating func end() {
        source.close()
    }
}

/// A shared helper of one kind of source, as an agent on its own thread.
struct HelperAgent: Agent, ~Copyable {
    private let helper: any IntakeHelper
    private let notify: @Sendable (PipelineNotice) -> Void

    init(
        _ helper: any IntakeHelper,
        notify: @escaping @Sendable (PipelineNotice) -> Void
    ) {
        self.helper = helper
        self.notify = notify
    }

    var isFinished: Bool { helper.isFinished }

    mutating func doWork() throws(IntakeError) -> Int { try helper.doWork() }

    mutating func idle(after count: Int) -> IdleStrategy { helper.idle(after: count) }

    mutating func wait(nanoseconds: Int64) throws(IntakeError) {
        try helper.wait(nanoseconds: nanoseconds)
    }

    mutating func recover(from error: IntakeError) -> AfterError {
        notify(.sourceFailed(source: "\(helper.name) of all sources", reason: "\(error)"))
        return .end
    }

    mutating func end() {
        helper.close()
    }
}
