/// How much a message's events may still inherit, beside the first event of each envelope.
///
/// Without it, a message of 60 KB with a large `context` and a thousand small events would become
/// 60 MB of lines. What copies cost grows faster than their length: deflate nearly removes copies
/// of up to 4 KiB, but not longer ones, and none that is longer than its window of 32 KiB.
struct CopyAllowance {
    /// Copies of up to so many bytes count once, up to twice as many twice, and so on.
    static let unit = 4_096
    /// What every message may copy, whatever its length: 2 KiB for each of 250 events.
    private static let base = 512 << 10
    /// What it may copy for each of its bytes.
    private static let perByte = 8

    private var left: Int

    /// `messageBytes`: the bytes of the message as received.
    init(messageBytes: Int) {
        left = Self.base + messageBytes * Self.perByte
    }

    /// Counts a copy; false if it is too much.
    mutating func take(bytes: Int) -> Bool {
        let (cost, overflow) = bytes.multipliedReportingOverflow(
            by: (bytes + Self.unit - 1) / Self.unit
        )
        guard !overflow, cost <= left else { return false }
        left -= cost
        return true
    }
}
