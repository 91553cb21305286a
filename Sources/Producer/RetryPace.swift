/// The delays before a message is resent, one per attempt.
package struct RetryPace: Equatable, Sendable {
    /// Without an answer: doubled each time.
    let unanswered: [Duration]
    /// After an answer that the collector accepts nothing now, or when consecutive connections
    /// break without an answer.
    let putOff: [Duration] = [
        .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
    ]

    /// - Parameters:
    ///   - first: the first timeout.
    ///   - longest: the upper limit of later timeouts.
    package init(first: Duration, longest: Duration = .seconds(30)) {
        var waits = [first]
        while let last = waits.last, last < longest, waits.count < 16 {
            waits.append(min(last * 2, longest))
        }
        unanswered = waits
    }
}
