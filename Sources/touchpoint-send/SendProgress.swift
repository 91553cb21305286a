import Producer
import Terminal

/// Displays the progress: acknowledged events if any are acknowledged, else sent ones.
final class SendProgress: ProgressSink {
    private var bar: ProgressBar?
    private var done = 0

    /// - Parameter isShown: if false, it prints nothing, whatever standard error is.
    init(isShown: Bool) {
        self.isShown = isShown
    }

    private let isShown: Bool

    func update(sent: Int, acknowledged: Int?, total: Int?) {
        guard isShown else { return }
        done = acknowledged ?? sent
        let label = acknowledged == nil ? "sent" : "acknowledged"
        if bar == nil { bar = ProgressBar(label: label, total: total) }
        bar?.update(done)
    }

    /// Draws the final state and ends the line.
    func finish() {
        bar?.finish(done)
    }
}
