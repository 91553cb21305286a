/// A rate limit for notices: once an hour per subject, and a maximum per hour in all.
///
/// A value that is told the time. Peers decide how often it is asked, so its memory and its output
/// are both bounded.
package struct HourlyLimit {
    static let subjectsMax = 256
    /// Notices per hour, over all subjects.
    static let noticesMax = 60
    private static let hour: Int64 = 3_600_000_000_000

    private var last: [String: Int64] = [:]
    private var begunAt: Int64 = 0
    private var count = 0

    package init() {}

    /// Whether to send a notice about `subject` now, in monotonic nanoseconds.
    package mutating func allows(_ subject: String, at now: Int64) -> Bool {
        if let before = last[subject], now - before < Self.hour { return false }
        if count == 0 || now - begunAt >= Self.hour {
            begunAt = now
            count = 0
        }
        guard count < Self.noticesMax else { return false }
        if last.count >= Self.subjectsMax {
            last = last.filter { now - $0.value < Self.hour }
            guard last.count < Self.subjectsMax else { return false }
        }
        last[subject] = now
        count += 1
        return true
    }
}
