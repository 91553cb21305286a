import ServiceLifecycle

/// A part of the daemon as a service: works until the group tells it to end.
struct DaemonPart: Service {
    /// Cancelled when the part ends, and not awaited, so that a hanging disk cannot delay the exit.
    var work: @Sendable () async -> Void = {}
    /// Done when the part ends; the previous part in the group continues until it returns.
    var end: @Sendable () async -> Void = {}

    func run() async {
        let task = Task { await work() }
        // A cancelled group ends the part, too.
        try? await gracefulShutdown()
        task.cancel()
        await end()
    }
}
