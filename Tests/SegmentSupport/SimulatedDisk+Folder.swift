package import Archive
package import Disk
package import Recovery
package import Simulation

/// The disk as tests of segments use it: a folder of files.
extension SimulatedDisk {
    package var files: [String: [UInt8]] { state.contents }

    package func put(_ bytes: [UInt8], at path: String) { state.put(bytes, at: path) }

    package func remove(path: String) { try? remove(path) }

    /// Returns a copy with the same files that continues to run.
    package func restarted() -> SimulatedDisk { SimulatedDisk(state) }

    /// Returns the entries of all manifests, and the number of invalid lines.
    package func manifestEntries() throws -> (entries: [ManifestEntry], torn: Int) {
        var entries: [ManifestEntry] = []
        var torn = 0
        try ManifestReader.each(self) { (_, entry) throws(FileSystemError) in
            if let entry { entries.append(entry) } else { torn += 1 }
        }
        return (entries, torn)
    }
}

extension FileSystem {
    /// A recovery of run `r2`, on 2026-11-22 by default.
    package func recovery(
        node: String = "c1",
        now: @escaping @Sendable () -> Int64 = { 1_795_341_600_000_000 },
        waitForRoom: @escaping @Sendable (FileSystemError) -> Bool = { _ in false }
    ) -> FolderRecovery {
        let folders = DurableFolders(fileSystem: self)
        return FolderRecovery(
            fileSystem: self,
            folders: folders,
            manifest: ManifestLog(fileSystem: self, folders: folders, node: node),
            node: node,
            run: "r2",
            now: now,
            waitForRoom: waitForRoom
        )
    }

    /// Recovers the folder, as a start of the daemon does.
    package func recover() throws -> RecoveryReport {
        _ = try FolderRecovery.mendManifests(self)
        return try recovery().run()
    }
}
