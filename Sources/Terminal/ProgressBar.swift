/// One line on a terminal's standard error that shows the progress of a long operation.
///
/// For one thread. It redraws at most ten times a second. If standard error is no terminal it
/// prints nothing, except one last line if `finish` is asked for it.
package struct ProgressBar {
    /// The unit of the count.
    package enum Unit: Sendable { case events, bytes }

    private static let redrawInterval = Duration.milliseconds(100)

    private let label: String
    private let total: Int?
    private let unit: Unit
    private let fd: Int32
    private let isShown: Bool
    private let started: ContinuousClock.Instant
    private var drawn: ContinuousClock.Instant?

    /// `total` is nil if it is unknown.
    ///
    /// `shown` and `fd` (standard error) are for tests.
    package init(
        label: String,
        total: Int? = nil,
        unit: Unit = .events,
        now: ContinuousClock.Instant = .now,
        fd: Int32 = 2,
        shown: Bool? = nil
    ) {
        self.label = label
        self.total = total
        self.unit = unit
        self.fd = fd
        self.isShown = shown ?? isTerminal(fd)
        self.started = now
    }

    /// Reports that `done` units are finished; cheap enough to call for every message.
    package mutating func update(_ done: Int, now: ContinuousClock.Instant = .now) {
        guard isShown else { return }
        if let drawn, now - drawn < Self.redrawInterval { return }
        drawn = now
        writeText("\r" + line(done, now: now, isLast: false) + "\u{1B}[K", to: fd)
    }

    /// Draws the final state and ends the line; `always` prints it to a file or pipe as well.
    package mutating func finish(
        _ done: Int,
        always: Bool = false,
        now: ContinuousClock.Instant = .now
    ) {
        let text = line(done, now: now, isLast: true)
        if isShown {
            writeText("\r" + text + "\u{1B}[K\n", to: fd)
        } else if always {
            writeText(text + "\n", to: fd)
        }
    }

    private func line(_ done: Int, now: ContinuousClock.Instant, isLast: Bool) -> String {
        let progress = ProgressLine(
            label: label,
            done: done,
            total: total,
            unit: unit,
            seconds: (started.duration(to: now)) / .seconds(1)
        )
        return isLast ? progress.summary : progress.text(columns: TerminalSize.of(fd).columns)
    }
}
