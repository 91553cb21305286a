/// How long to wait for an answer before a message is sent again, time after time.
package struct RetryPace: Equatable, Sendable {
    /// Without an answer: twice as long each time.
    let unanswered: [Duration]
    /// After the answer that the collector takes nothing now, or when connections break one after
    /// the other without an answer between them.
    let putOff: [Duration] = [
        .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
    ]

    /// - Parameters:
    ///   - first: the first time-out.
    ///   - longest: none is longer than this, or than `first`.
    package init(first: Duration, longest: Duration = .seconds(30)) {
        var waits = [first]
        while let last = waits.last, last < longest, waits.count < 16 {
            waits.append(min(last * 2, longest))
        }
        unanswered = waits
    }
}
