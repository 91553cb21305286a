import ArgumentParser
import Producer
import Terminal

/// The program: parses arguments, runs one ``Sender``, and returns an exit code.
@main struct TouchpointSend: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "touchpoint-send",
        abstract: "Publishes JSON events of files to a Touchpoint collector.",
        discussion: """
            What is an event: a line as it stands, an object over several lines, an element of an \
            array. Objects are told apart by their brackets outside of strings. Where that \
            fails, the rest of the file is refused, and its line is named: with '--lines' each \
            line is an event, whatever it holds. Files that begin with the bytes 1f 8b are gzip.

            What "sent" means: with push and pub, that libzmq has taken the event; at the end the \
            program waits until the queue is on the network. Nobody acknowledges: what the \
            network, or a collector that ends hard, still holds is lost, and pub drops what \
            nobody subscribes to.

            What "acknowledged" means: with dealer, that the collector has answered "committed": \
            the event is on stable storage. Without an answer the same message is sent again, and \
            at once after a broken connection.

            Encryption: with '--curve' and '--curve-key' the connection uses CURVE. The collector \
            proves that it has the secret of the key in '--curve', and knows this producer by its \
            public key, which must be among the collector's. The name of a certificate with the \
            secret key ends in '_secret'; it stays on the machine of its owner, with mode 0600.

            Events that were refused, rejected or quarantined are named on standard error, the \
            first 20 with file, line and reason.

            Exit codes: 0 everything sent (dealer: committed, nothing rejected or quarantined); 64 \
            usage; 65 something was refused, rejected or quarantined, or a file is neither text \
            nor whole gzip; 69 the collector cannot be reached or does not go on, or (push, pub) \
            the connection broke on the way, so that events may be lost; 74 a file cannot be read \
            or written, or a key file cannot be used; 130 interrupted.
            """,
        version: "touchpoint-send \(ProductVersion.number) (\(ProductVersion.build))"
    )

    @OptionGroup var options: SendOptions

    static func main() {
        ProcessArguments.requireReadable(by: "touchpoint-send")
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            ProcessArguments.end(
                with: fullMessage(for: error),
                code: exitCode(for: error).rawValue
            )
        }
    }

    func validate() throws {
        try options.validate()
    }

    func run() throws {
        Interruption.install()
        let progress = SendProgress(isShown: !options.json)
        let configuration: Sender.Configuration
        do {
            configuration = try options.configuration()
        } catch {
            writeText("touchpoint-send: \(ShownText.line("\(error)"))\n", to: 2)
            throw ArgumentParser.ExitCode(Terminal.ExitCode.ioError)
        }
        var sender = Sender(
            configuration,
            progress: progress,
            interrupted: { Interruption.isRequested }
        )
        let (summary, failure) =
            if let generated = options.generatedEvents {
                publish(GeneratedEvents(generated), with: &sender)
            } else {
                publish(FileSource(paths: options.files, reading: options.reading), with: &sender)
            }
        progress.finish()
        print(options.json ? try summary.json : summary.line)
        for finding in summary.findings {
            writeText("touchpoint-send: \(ShownText.line("\(finding)"))\n", to: 2)
        }
        if summary.findingsLeftOut > 0 {
            writeText("touchpoint-send: and \(summary.findingsLeftOut) more like these\n", to: 2)
        }
        if let failure {
            writeText("touchpoint-send: \(ShownText.line("\(failure)"))\n", to: 2)
            throw ArgumentParser.ExitCode(failure.exitCode)
        }
        if summary.failed > 0 {
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
