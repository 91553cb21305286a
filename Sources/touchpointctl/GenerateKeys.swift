import ArgumentParser
import Keys
import Terminal

/// The command `touchpointctl keygen`.
struct GenerateKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a pair of CURVE keys, of a producer or of the collector.",
        discussion: """
            Writes two certificates in the form of CZMQ, which pyzmq reads too. NAME.key has the \
            public key and may be shown to anybody. NAME.key_secret has both keys, can be opened by \
            its owner only, and stays on the machine whose program uses it. Existing files are never \
            replaced. No daemon is needed.

            Make the keys of a producer on its machine, and bring only NAME.key to the collector: \
            into its folder of producers' keys, where only root or the daemon's user may write. \
            The collector needs a pair of its own; producers need its public key.

            Exit codes: 0 done, 64 wrong usage, 73 a file exists or cannot be created.

            Examples:
              touchpointctl keygen web-shop
              touchpointctl keygen collector --folder /etc/touchpoint
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Whose keys: letters, digits, '.', '_' and '-'; collectors know a producer by it.",
            valueName: "name"
        )
    )
    var name: String

    @Option(help: "An existing folder for the two files.")
    var folder = "."

    func validate() throws {
        guard CertificateFile.isName(name) else {
            throw ValidationError(
                "the name must be 1 to 128 letters, digits, '.', '_' or '-' and begin with a "
                    + "letter or digit, because it is a file's name too"
            )
        }
    }

    func run() throws {
        let created: CertificateFile.Created
        do {
            created = try CertificateFile.create(name, in: folder)
        } catch {
            throw failed("keygen: \(error)", Terminal.ExitCode.cannotCreate)
        }
        try printOut([
            "public key  \(created.key)",
            "public      \(created.publicPath)",
            "secret      \(created.secretPath)",
            "",
            "Keys of a producer: copy \(created.publicPath) into the collector's folder of keys",
            "and reload the collector. Then, with the collector's public key:",
            "  touchpoint-send --curve COLLECTOR.key --curve-key \(created.secretPath) FILE",
            "",
            "Keys of a collector: make \(created.secretPath) readable for the daemon's user only,",
            "name it in the configuration, and hand \(created.publicPath) to the producers.",
        ])
    }
}
