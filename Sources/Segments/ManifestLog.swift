import Foundation
import Synchronization

/// Appends to a node's manifests: one write and one sync a sealed file.
///
/// Any thread may call.
///
/// A crash can tear the last line; ``Recovery`` ends such a line before anything is appended, and
/// readers skip lines that do not parse.
package final class ManifestLog: Sendable {
    private let fileSystem: any FileSystem
    private let folders: DurableFolders
    private let node: String
    /// Appends from several committers go one after the other, so that no line is torn by another.
    ///
    private let turn = Mutex(State())

    private struct State {
        /// Manifests whose last line was cut short by an error in this run.
        var torn: Set<String> = []
        /// The manifest whose name is durable: an older run may have crashed before its name was, so
        /// the first append of a run syncs the folder whether or not the file is new.
        var named = ""
    }

    package init(fileSystem: any FileSystem, folders: DurableFolders, node: String) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.node = node
    }

    /// Writes the entry to the manifest of the day it was sealed, durable on return.
    package func append(_ entry: ManifestEntry) throws(FileSystemError) {
        try append([entry])
    }

    /// Writes entries that were sealed at the same time, with one sync; durable on return.
    package func append(_ entries: [ManifestEntry]) throws(FileSystemError) {
        guard let first = entries.first else { return }
        let path = Layout.manifestPath(date: String(first.sealedAt.prefix(10)), node: node)
        let line = entries.flatMap(Self.line)
        let result = turn.withLock { state in
            let whole = state.torn.contains(path) ? [UInt8(ascii: "\n")] + line : line
            let isNamed = state.named == path
            let result = Result { () throws(FileSystemError) in
                try append(whole, to: path, isNamed: isNamed)
            }
            switch result {
            case .success:
                state.torn.remove(path)
                state.named = path
            case .failure: state.torn.insert(path)
            }
            return result
        }
        try result.get()
    }

    private func append(
        _ line: [UInt8],
        to path: String,
        isNamed: Bool
    ) throws(FileSystemError) {
        let folder = Layout.split(path).folder
        try folders.ensure(folder)
        let file = try fileSystem.open(path, .append)
        defer { fileSystem.close(file) }
        do {
            try fileSystem.write(line, to: file)
            try fileSystem.datasync(file)
        } catch {
            throw FileSystemError(error.operation, path, code: error.code)
        }
        if !isNamed { try fileSystem.syncFolder(folder) }
    }

    /// The entry as one line of JSON with sorted keys and a line feed.
    package static func line(_ entry: ManifestEntry) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(entry) else {
            preconditionFailure("a manifest entry of strings and numbers always encodes")
        }
        return Array(json) + [UInt8(ascii: "\n")]
    }
}
