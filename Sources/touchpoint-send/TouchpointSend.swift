import ArgumentParser
import Glibc
import Producer

/// Arguments in, one call of ``Sender``, an exit code out.
@main struct TouchpointSend: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchpoint-send",
        abstract: "Publishes NDJSON events to a Touchpoint collector.",
        discussion: """
            What "sent" means: with push and pub, that libzmq has taken the event; at the end the \
            program waits until the queue is on the network. Nobody acknowledges: what the \
            network, or a collector that ends hard, still holds is lost, and pub drops what \
            nobody subscribes to.

            What "acknowledged" means: with dealer, that the collector has answered "committed": \
            the event is on stable storage. Without an answer the same message is sent again.

            Exit codes: 0 everything sent (dealer: committed, nothing rejected or quarantined); 64 \
            usage; 65 something was rejected or quarantined; 69 the collector cannot be reached or \
            does not go on; 74 a file cannot be read or written; 130 interrupted.
            """
    )

    @OptionGroup var options: SendOptions

    mutating func validate() throws {
        try options.validate()
    }

    func run() throws {
        Interruption.install()
        var sender = Sender(
            options.configuration,
            progress: ProgressLine(isShown: isatty(STDERR_FILENO) == 1 && !options.json),
            interrupted: { Interruption.isRequested }
        )
        let (summary, failure) =
            if let generated = options.generatedEvents {
                publish(GeneratedEvents(generated), with: &sender)
            } else {
                publish(FileSource(paths: options.files, rounds: options.repeat), with: &sender)
            }
        print(options.json ? try summary.json : summary.line)
        if let failure {
            StandardError.write("touchpoint-send: \(failure)\n")
            throw ExitCode(failure.exitCode)
        }
        if summary.rejected + summary.quarantined > 0 { throw ExitCode(65) }
        if summary.interrupted { throw ExitCode(130) }
    }

    private func publish(
        _ source: some EventSource,
        with sender: inout Sender
    ) -> (summary: SendSummary, failure: ProducerError?) {
        var source = source
        return sender.run(&source)
    }
}
