package import Disk
import Synchronization

/// Appends to a node's manifests: one write and one sync per sealed file.
///
/// Any thread may call.
///
/// A crash can tear the last line. ``FolderRecovery`` ends such a line before anything is appended,
/// and readers skip lines that do not parse.
package final class ManifestLog: Sendable {
    private let fileSystem: any FileSystem
    private let folders: DurableFolders
    private let node: String
    /// Serialises the appends of several committers, so that no line tears another.
    private let turn = Mutex(State())

    private struct State {
        /// What an error in this run left to be repaired, by path.
        var scars: [String: Scar] = [:]
        /// Manifests whose name this run has synced: an older run may have crashed before it did,
        /// so the first append of a run syncs the folder whether or not the file is new.
        var named: Set<String> = []
    }

    /// What the next append to a manifest has to repair.
    private struct Scar {
        /// Its last line may be incomplete.
        var isTorn = false
        /// The trusted length of the file after a failed sync, or after a partial write of several
        /// lines; it must not be synced again.
        var goodBytes: Int?
        /// Its name was not synced.
        var isUnnamed = false
    }

    package init(fileSystem: any FileSystem, folders: DurableFolders, node: String) {
        self.fileSystem = fileSystem
        self.folders = folders
        self.node = node
    }

    /// Appends the entry to the manifest of the day it was sealed, durable on return.
    ///
    /// Can be called again after an error.
    package func append(_ entry: ManifestEntry) throws(FileSystemError) {
        try append([entry])
    }

    /// Appends entries that were sealed at the same time, with one sync; durable on return.
    ///
    /// Can be called again after an error.
    package func append(_ entries: [ManifestEntry]) throws(FileSystemError) {
        guard let first = entries.first else { return }
        try append(entries.map(ManifestLine.bytes), at: first.sealedAt)
    }

    /// Writes that files are removed, at one time, with one sync; durable on return, so that they may
    /// go.
    ///
    /// May be called again after an error.
    package func append(_ removals: [ManifestRemoval]) throws(FileSystemError) {
        guard let first = removals.first else { return }
        try append(removals.map(\.line), at: first.removed.at)
    }

    /// `time`: RFC 3339; its day selects the manifest.
    private func append(_ lines: [[UInt8]], at time: String) throws(FileSystemError) {
        let path = Layout.manifestPath(date: String(time.prefix(10)), node: node)
        let result = turn.withLock { state in
            Result { () throws(FileSystemError) in
                if !state.named.contains(path) {
                    state.scars[path, default: Scar()].isUnnamed = true
                }
                try append(
                    lines.flatMap(\.self),
                    to: path,
                    isOne: lines.count == 1,
                    &state.scars[path]
                )
                state.named.insert(path)
            }
        }
        try result.get()
    }

    private func append(
        _ lines: [UInt8],
        to path: String,
        isOne: Bool,
        _ scar: inout Scar?
    ) throws(FileSystemError) {
        let folder = DiskPath.split(path).folder
        try folders.ensure(folder)
        if let goodBytes = scar?.goodBytes {
            try rewrite(path, keeping: goodBytes, adding: lines)
        } else {
            try appendInPlace(lines, to: path, isOne: isOne, &scar)
        }
        scar = nil
    }

    private func appendInPlace(
        _ lines: [UInt8],
        to path: String,
        isOne: Bool,
        _ scar: inout Scar?
    ) throws(FileSystemError) {
        let isNew = !fileSystem.exists(path)
        let file = try fileSystem.open(path, .append)
        defer { fileSystem.close(file) }
        var state = scar ?? Scar()
        defer { scar = state }
        do throws(FileSystemError) {
            // Before the line: once the line is durable nothing may fail, or the caller would write
            // it again.
            if isNew || state.isUnnamed {
                state.isUnnamed = true
                try fileSystem.syncFolder(DiskPath.split(path).folder)
                state.isUnnamed = false
            }
            let size = try fileSystem.size(file)
            do throws(FileSystemError) {
                try write(lines, to: file, &state)
            } catch {
                // Of several lines some may be complete now; the caller writes them again.
                if error.written > 0, !isOne { state.goodBytes = size }
                throw error
            }
            state.goodBytes = size
            try fileSystem.datasync(file)
            state.goodBytes = nil
        } catch {
            throw FileSystemError(error.operation, path, code: error.code)
        }
    }

    /// Writes lines after the end of an incomplete one.
    ///
    /// The incomplete line may lack only its line feed, and is written again. So its end makes it
    /// invalid, or it would be there twice.
    private func write(
        _ lines: [UInt8],
        to file: FileHandle,
        _ state: inout Scar
    ) throws(FileSystemError) {
        let end = state.isTorn ? Array("~\n".utf8) : []
        do throws(FileSystemError) {
            try fileSystem.write(end + lines, to: file)
        } catch {
            state.isTorn = state.isTorn || error.written > 0
            throw error
        }
    }

    /// Writes the trusted part of a manifest and lines to a new file that replaces it.
    private func rewrite(
        _ path: String,
        keeping goodBytes: Int,
        adding lines: [UInt8]
    ) throws(FileSystemError) {
        let (folder, name) = DiskPath.split(path)
        let copy = DiskPath.join(folder, ".\(name)\(SegmentFormat.copySuffix)")
        if fileSystem.exists(copy) { try fileSystem.remove(copy) }
        let new = try fileSystem.open(copy, .createNew)
        defer { fileSystem.close(new) }
        var good: [UInt8] = []
        if fileSystem.exists(path) {
            let old = try fileSystem.open(path, .read)
            defer { fileSystem.close(old) }
            good = try fileSystem.bytes(of: old, at: 0, count: goodBytes)
        }
        // A line that a full disk cut short stays one that readers skip.
        if let last = good.last, last != UInt8(ascii: "\n") { good += Array("~\n".utf8) }
        try fileSystem.write(good + lines, to: new)
        try fileSystem.datasync(new)
        try fileSystem.replace(copy, to: path)
        try fileSystem.syncFolder(folder)
    }
}
