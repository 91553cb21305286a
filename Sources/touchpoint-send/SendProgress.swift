import Producer
import Terminal

/// Shows how far a publication has come: what is acknowledged where anything is, else what is sent.
final class SendProgress: ProgressSink {
    private var bar: ProgressBar?
    private var done = 0

    /// - Parameter isShown: false prints nothing, whatever standard error is.
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

    /// Leaves the line as it is at the end.
    func finish() {
        bar?.finish(done)
    }
}
