import ArgumentParser
import Control
import Terminal

/// The commands that show what the daemon does.
enum WatchCommands {
    static let group = CommandGroup(
        name: "Watch",
        subcommands: [Status.self, Stats.self, Top.self, Producers.self, Partitions.self]
    )
}

/// The command `touchpointctl partitions`.
struct Partitions: VerbCommand {
    static let verb = VerbTable.partitions
    static let configuration = verb.command(
        abstract: "The open segments.",
        discussion: """
            Sealed files are not listed: they stand in the data folder and its manifest.

            Examples:
              touchpointctl partitions
              touchpointctl partitions --json | jq -r '.[].path'
            """
    )

    @OptionGroup var online: OnlineOptions

    func lines(_ partitions: [PartitionAnswer]) -> [String] {
        guard !partitions.isEmpty else { return ["no open segments"] }
        var table = Table([
            .init("path"), .init("events", .right), .init("raw", .right),
            .init("compressed", .right), .init("age", .right), .init("last commit"),
        ])
        for partition in partitions {
            table.add([
                shown(partition.path), HumanText.grouped(partition.events),
                HumanText.bytes(Double(partition.bytes)),
                HumanText.bytes(Double(partition.compressedBytes)),
                HumanText.duration(seconds: partition.ageSeconds), partition.lastCommit ?? "never",
            ])
        }
        return table.lines
    }
}
