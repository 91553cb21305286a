import ServiceLifecycle

/// A part of the daemon as a service: works until the group says that it is its turn to end.
struct DaemonPart: Service {
    /// Cancelled at its turn and not waited for, so that a disk that hangs cannot hold up the end.
    var work: @Sendable () async -> Void = {}
    /// Done at its turn; the part before it in the group goes on until it returns.
    var end: @Sendable () async -> Void = {}

    func run() async {
        let task = Task { await work() }
        // Cancelling the group is an end too.
        try? await gracefulShutdown()
        task.cancel()
        await end()
    }
}
