/// Lets a notice through once an hour for what it is about, and so many in all.
///
/// A value that is told the time. What comes from the network decides how often it is asked, so both
/// its memory and what it lets through have a bound.
package struct HourlyLimit {
    static let subjectsMax = 256
    /// Notices an hour, whatever they are about.
    static let noticesMax = 60
    private static let hour: Int64 = 3_600_000_000_000

    private var last: [String: Int64] = [:]
    private var begunAt: Int64 = 0
    private var count = 0

    package init() {}

    /// Whether to tell of `subject` now, in monotonic nanoseconds.
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
