import Events
import TestSupport
import Testing

/// Every event was sent as one, whatever else in its message is damaged.
@Suite struct NothingInventedTests {
    /// Returns the first fault, or nil.
    private func fault(_ message: DamagedMessage, _ found: [Piece]) -> String? {
        let sent = Set(message.items.map(\.range) + message.wholes)
        let events = found.filter(\.isEvent).map { $0.start..<($0.start + $0.text.count) }
        if let invented = events.first(where: { !sent.contains($0) }) {
            let text = String(decoding: message.bytes[invented], as: UTF8.self)
            return "\(text) at \(invented.lowerBound) was never sent"
        }
        guard Set(events).count == events.count else { return "an event is there twice" }
        if let lost = message.separable.first(where: { !events.contains($0) }) {
            return "the event at \(lost.lowerBound) is not kept"
        }
        return nil
    }

    @Test(arguments: DamagedMessage.Form.allCases)
    func everyEventIsOneThatWasSent(form: DamagedMessage.Form) {
        let seed = UInt64.random(in: 1 ... .max)
        print("nothing invented: \(form), seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var reader = PayloadReader(limits: PayloadLimits())
        var (damaged, kept) = (0, 0)
        for round in 0..<4_000 {
            let message = DamagedMessage(form, &generator)
            let found = pieces(message.bytes, &reader)
            damaged += message.items.contains(where: \.isDamaged) ? 1 : 0
            kept += message.separable.count
            if let fault = fault(message, found) {
                let text = String(decoding: message.bytes, as: UTF8.self)
                Issue.record("\(form), seed \(seed), round \(round): \(fault) in\n\(text)")
                return
            }
        }
        #expect(damaged > 1_000 && kept > 1_000, "there is something to be found")
    }
}
