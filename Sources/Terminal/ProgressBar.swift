/// One line on a terminal's standard error that shows how far a long piece of work has come.
///
/// For one thread. It redraws at most ten times a second, and where standard error is not a
/// terminal it prints nothing at all, except one last line if `finish` is asked for one.
package struct ProgressBar {
    /// What is counted.
    package enum Unit: Sendable { case events, bytes }

    private static let redrawInterval = Duration.milliseconds(100)

    private let label: String
    private let total: Int?
    private let unit: Unit
    private let fd: Int32
    private let isShown: Bool
    private let started: ContinuousClock.Instant
    private var drawn: ContinuousClock.Instant?

    /// `total` is nil where the end is not known.
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

    /// Says that `done` units are finished; cheap enough to be called for every message.
    package mutating func update(_ done: Int, now: ContinuousClock.Instant = .now) {
        guard isShown else { return }
        if let drawn, now - drawn < Self.redrawInterval { return }
        drawn = now
        writeText("\r" + line(done, now: now, isLast: false) + "\u{1B}[K", to: fd)
    }

    /// Draws the end and leaves the line; `always` prints it to a file or pipe as well.
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
