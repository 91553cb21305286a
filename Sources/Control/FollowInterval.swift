/// How often `stats follow` sends a snapshot: 100 ms to 1 hour.
package struct FollowInterval: Hashable, Sendable {
    /// Once a second.
    package static let standard = FollowInterval(milliseconds: 1000)

    private static let millisecondsRange = 100...3_600_000

    package let milliseconds: Int

    /// Its form in a request.
    package var text: String { "\(milliseconds)ms" }

    /// The request for a snapshot every interval.
    package var request: String { "\(VerbTable.stats.name) follow \(text)" }

    /// Reads `500ms`, `1s`, `0.5s`, `2m` or `1h`.
    ///
    /// - Throws: `ControlError` with `bad_argument`.
    package static func parse(_ text: String) throws(ControlError) -> FollowInterval {
        let units: [(name: String, milliseconds: Double)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000),
        ]
        for unit in units where text.hasSuffix(unit.name) {
            let digits = text.dropLast(unit.name.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let number = Double(digits)
            else { break }
            let milliseconds = (number * unit.milliseconds).rounded()
            guard milliseconds >= Double(millisecondsRange.lowerBound),
                milliseconds <= Double(millisecondsRange.upperBound)
            else {
                throw .badArgument("an interval is 100ms to 1h, not \(Request.printable(text))")
            }
            return FollowInterval(milliseconds: Int(milliseconds))
        }
        throw .badArgument("'\(Request.printable(text))' is no interval; write 500ms, 1s or 2m")
    }
}
