import Events
import Intake
import Storage

/// Answers, and what the next commit and the writer take.
extension Filer {
    /// Answers a message of which nothing is kept, and which would be refused again.
    @inline(never)
    mutating func decline(_ record: IntakeRecord, because reason: String) {
        answers.refuse(record, because: reason)
    }

    /// Names what an event violates in the answer to its message.
    @inline(never)
    mutating func warn(_ burst: borrowing EventBurst, _ at: Int) {
        guard let plan = burst.plan, plan.warns, let finding = plan.finding(at: at) else { return }
        answers.warn(finding.elements)
    }

    mutating func takeWanted() -> AnswersWanted {
        defer { wanted = AnswersWanted() }
        return wanted
    }

    mutating func takeAnswers() -> (ready: [UInt8], deferred: [DeferredAnswer]) {
        (answers.take(), answers.takeDeferred())
    }

    mutating func takeTallies() -> [ProducerTally] { counts.takeTallies() }

    var hasArrived: Bool { counts.hasArrived }

    mutating func takeArrived(_ body: (_ producer: Int, _ count: Int) -> Void) {
        counts.takeArrived(body)
    }

    func takeChannels(_ body: (_ channel: UInt32, _ count: Int) -> Void) {
        counts.takeChannels(body)
    }
}
