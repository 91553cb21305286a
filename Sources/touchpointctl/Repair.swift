import Archive
import ArgumentParser
import Disk
import FoundationEssentials
import Inspection
import Terminal

/// The command `touchpointctl repair`.
struct RepairData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Save what can be read of damaged segments, into files beside them.",
        discussion: """
            PATH is a sealed segment, an open one (.….open), one that recovery kept aside \
            (.….damaged), or a data folder: then all its damaged ones, except open ones, which the \
            daemon recovers at its next start.

            Reading goes on behind damage at the next full flush, which comes about every MiB of \
            raw text. What is saved goes to a file beside the damaged one, whose name no reader \
            sees; nothing is replaced or deleted. The commands that let readers see it are printed: \
            move the damaged file away first, else events count twice. Repair says which sequence \
            numbers are in no file any more.

            A stretch between two flushes is kept only if the check value in the manifest proves \
            it; without one (an older file, an open one) if all of it reads well. --keep-doubtful \
            keeps more: events near damage that read well and may still be altered.

            Exit codes: 0 nothing was damaged, or all events were saved; 65 some are lost, or \
            nobody can tell; 74 something could not be read or written.

            Examples:
              touchpointctl repair --dry-run /var/lib/touchpoint
              touchpointctl repair data/events/channel=web/part-….ndjson.gz
              touchpointctl repair --json data | jq '.files[].gone'
            """
    )

    @Argument(help: ArgumentHelp("A segment or a data folder.", valueName: "path"))
    var path: String

    @Flag(name: [.customShort("n"), .long], help: "Find out only; write nothing.")
    var dryRun = false

    @Flag(help: "Also keep events that read well but may be altered.")
    var keepDoubtful = false

    @Flag(help: "One JSON object instead of text.")
    var json = false

    private struct Answer: Encodable {
        var directory: String
        var isDryRun: Bool
        var files: [RepairReport] = []
    }

    func run() throws {
        let target = try Target(path)
        let disk = try openDataFolder(target.directory)
        var answer = Answer(directory: target.directory, isDryRun: dryRun)
        var bar = ProgressBar(label: "repair", unit: .bytes)
        var done = 0
        var options = Inspection.Repair.Options()
        (options.isDryRun, options.keepsDoubtful) = (dryRun, keepDoubtful)
        let repair = Inspection.Repair(disk, options: options) { count in
            done += count
            bar.update(done)
        }
        do {
            if let file = target.file {
                answer.files.append(try repair.repair(file))
            } else {
                try repair.repairAll { answer.files.append($0) }
            }
        } catch {
            throw failed("repair \(path): \(error)", Terminal.ExitCode.ioError)
        }
        bar.finish(done)
        try json ? printJSON(answer) : printOut(lines(answer))
        let code = answer.files.map(\.exitCode).max() ?? 0
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }

    private func lines(_ answer: Answer) -> [String] {
        guard !answer.files.isEmpty else { return ["nothing is damaged"] }
        return answer.files.flatMap {
            RepairText.lines($0, directory: answer.directory, isDryRun: dryRun)
        }
    }

    /// The target of an argument: a data folder, and possibly one file in it.
    private struct Target {
        var directory: String
        var file: String?

        init(_ argument: String) throws {
            let real = URL(fileURLWithPath: argument).resolvingSymlinksInPath().path
            var isFolder = false
            guard FileManager.default.fileExists(atPath: real, isDirectory: &isFolder) else {
                throw failed("\(argument): no such file or folder", Terminal.ExitCode.ioError)
            }
            if isFolder {
                directory = real
                return
            }
            guard Archive.Repaired.sealedPath(for: real) != nil else {
                throw ValidationError("\(argument) is no segment: its name has no .ndjson.gz")
            }
            (directory, file) = Self.split(real)
        }

        /// The data folder contains `events` or `quarantine`; a file outside any data folder is
        /// treated as if its own folder were one.
        private static func split(_ path: String) -> (String, String) {
            let parts = path.split(separator: "/")
            let roots = SegmentFormat.roots
            guard let root = parts.lastIndex(where: { roots.contains(String($0)) }), root > 0 else {
                let (folder, name) = DiskPath.split(path)
                return (folder.isEmpty ? "/" : folder, name)
            }
            return (
                "/" + parts[..<root].joined(separator: "/"),
                parts[root...].joined(separator: "/")
            )
        }
    }
}
