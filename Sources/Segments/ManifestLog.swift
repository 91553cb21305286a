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
    /// Holds the manifests whose last line was cut short by an error in this run.
    private let turn = Mutex<Set<String>>([])

    package init(fileSystem: any FileSystem, folders: DurableFolders, node: String) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.node = node
    }

    /// Writes the entry to the manifest of the day it was sealed, durable on return.
    package func append(_ entry: ManifestEntry) throws(FileSystemError) {
        let path = Layout.manifestPath(date: String(entry.sealedAt.prefix(10)), node: node)
        let line = Self.line(entry)
        let result = turn.withLock { torn in
            let whole = torn.contains(path) ? [UInt8(ascii: "\n")] + line : line
            let result = Result { () throws(FileSystemError) in try append(whole, to: path) }
            switch result {
            case .success: torn.remove(path)
            case .failure: torn.insert(path)
            }
            return result
        }
        try result.get()
    }

    private func append(_ line: [UInt8], to path: String) throws(FileSystemError) {
        let folder = Layout.split(path).folder
        try folders.ensure(folder)
        let isNew = !fileSystem.exists(path)
        let file = try fileSystem.open(path, .append)
        defer { fileSystem.close(file) }
        do {
            try fileSystem.write(line, to: file)
            try fileSystem.datasync(file)
        } catch {
            throw FileSystemError(error.operation, path, code: error.code)
        }
        if isNew { try fileSystem.syncFolder(folder) }
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
