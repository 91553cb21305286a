/// The text of a progress bar at one moment; pure, so that tests need no terminal.
package struct ProgressLine: Sendable {
    private static let barWidthMax = 30

    private let label: String
    private let done: Int
    private let total: Int?
    private let unit: ProgressBar.Unit
    private let seconds: Double

    /// `seconds` is the time since the work began.
    package init(
        label: String,
        done: Int,
        total: Int?,
        unit: ProgressBar.Unit,
        seconds: Double
    ) {
        self.label = label
        self.done = done
        self.total = total
        self.unit = unit
        self.seconds = seconds
    }

    /// `sending [=====>    ]  52%  1.25M of 2.40M events  312k/s  ETA 4.00 s`, cut to `columns`.
    package func text(columns: Int) -> String {
        guard let total, total > 0 else {
            return cut("\(label)  \(amount(done))  \(rate)  \(elapsed)", to: columns)
        }
        let share = min(1, max(0, Double(done) / Double(total)))
        let percent = String(Int(share * 100))
        let figures =
            String(repeating: " ", count: max(0, 3 - percent.count)) + percent
            + "%  \(amount(done, isShort: true)) of \(amount(total))  \(rate)  ETA \(remaining(total))"
        let room = columns - label.count - figures.count - 6
        guard room >= 5 else { return cut("\(label)  \(figures)", to: columns) }
        return "\(label) [\(bar(share, width: min(room, Self.barWidthMax)))] \(figures)"
    }

    /// `sending: 2.40M events in 7.69 s, 312k/s`.
    package var summary: String { "\(label): \(amount(done)) in \(elapsed), \(rate)" }

    private var elapsed: String { HumanText.duration(seconds: seconds) }

    private var perSecond: Double { seconds > 0 ? Double(done) / seconds : .nan }

    private var rate: String {
        switch unit {
        case .events: HumanText.countRate(perSecond: perSecond)
        case .bytes: HumanText.byteRate(perSecond: perSecond)
        }
    }

    private func amount(_ value: Int, isShort: Bool = false) -> String {
        switch unit {
        case .events: HumanText.count(Double(value)) + (isShort ? "" : " events")
        case .bytes: HumanText.bytes(Double(value))
        }
    }

    private func remaining(_ total: Int) -> String {
        guard perSecond.isFinite, perSecond > 0 else { return "-" }
        return HumanText.duration(seconds: max(0, Double(total) - Double(done)) / perSecond)
    }

    private func bar(_ share: Double, width: Int) -> String {
        let filled = Int(share * Double(width))
        guard filled < width else { return String(repeating: "=", count: width) }
        return String(repeating: "=", count: filled) + ">"
            + String(repeating: " ", count: width - filled - 1)
    }

    private func cut(_ text: String, to columns: Int) -> String {
        text.count <= columns ? text : String(text.prefix(max(0, columns)))
    }
}
