import ArgumentParser
import Glibc
import Terminal

/// Suggests the intended command if the first word is not a command.
enum UnknownCommand {
    /// Ends the process with a message if `word` is in the place of a command and is none.
    static func refuse(_ word: String?, of root: any ParsableCommand.Type) {
        guard let word, !word.isEmpty, !word.hasPrefix("-") else { return }
        let names = names(of: root)
        guard !names.contains(word) else { return }
        let hint = NearestName.of(word, among: names).map { ", did you mean '\($0)'?" }
        writeText(
            "touchpointctl: there is no command '\(shown(word))'\(hint ?? "")\n"
                + "'touchpointctl --help' lists them.\n",
            to: 2
        )
        Glibc.exit(Terminal.ExitCode.usage)
    }

    private static func names(of root: any ParsableCommand.Type) -> [String] {
        ["help"] + root.configuration.subcommands.map { $0._commandName }
    }
}
