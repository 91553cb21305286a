import Events
import Storage

/// What the next commit, and the writer, take from the filer.
extension Filer {
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
