import ArgumentParser
import Producer
import Terminal

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
            """,
        version: "touchpoint-send \(ProductVersion.number) (\(ProductVersion.build))"
    )

    @OptionGroup var options: SendOptions

    mutating func validate() throws {
        try options.validate()
    }

    func run() throws {
        Interruption.install()
        let progress = SendProgress(isShown: !options.json)
        var sender = Sender(
            options.configuration,
            progress: progress,
            interrupted: { Interruption.isRequested }
        )
        let (summary, failure) =
            if let generated = options.generatedEvents {
                publish(GeneratedEvents(generated), with: &sender)
            } else {
                publish(FileSource(paths: options.files, rounds: options.repeat), with: &sender)
            }
        progress.finish()
        print(options.json ? try summary.json : summary.line)
        if let failure {
            writeText("touchpoint-send: \(failure)\n", to: 2)
            throw ArgumentParser.ExitCode(failure.exitCode)
        }
        if summary.rejected + summary.quarantined > 0 {
            throw ArgumentParser.ExitCode(Terminal.ExitCode.badData)
        }
        if summary.interrupted { throw ArgumentParser.ExitCode(130) }
    }

    private func publish(
        _ source: some EventSource,
        with sender: inout Sender
    ) -> (summary: SendSummary, failure: ProducerError?) {
        var source = source
        return sender.run(&source)
    }
}
