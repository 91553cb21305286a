package import Disk

/// Builds and parses the names of files below the data folder: see ``SegmentFormat``.
package enum Layout {
    /// Returns `folder/.name.open` for the sealed path `folder/name`.
    package static func openPath(forSealed path: String) -> String {
        hidden(path) + SegmentFormat.openSuffix
    }

    /// Returns `folder/.name.damaged` for the sealed path `folder/name`.
    package static func damagedPath(forSealed path: String) -> String {
        hidden(path) + SegmentFormat.damagedSuffix
    }

    /// Returns the first free name under which a sealed path's file can be set aside.
    ///
    /// `.name.damaged`, `.name.2.damaged`, and so on.
    package static func freeDamagedPath(
        forSealed path: String,
        in fileSystem: any FileSystem
    ) -> String {
        let stem = hidden(path)
        var aside = damagedPath(forSealed: path)
        var number = 2
        while fileSystem.exists(aside) {
            aside = "\(stem).\(number)\(SegmentFormat.damagedSuffix)"
            number += 1
        }
        return aside
    }

    /// Returns another name for a sealed file whose own is taken: `part-….2.ndjson.gz`.
    package static func alternative(toSealed path: String, _ number: Int) -> String {
        "\(path.dropLast(SegmentFormat.sealedSuffix.count)).\(number)\(SegmentFormat.sealedSuffix)"
    }

    /// Returns the substitute for a partition's folder that cannot be entered, or whose parent
    /// cannot: with the value `__blocked__`, as in `events/channel=__blocked__/date=…`.
    ///
    /// Nil if that would not help: the folder is not a partition's.
    package static func blocked(_ folder: String, by error: FileSystemError) -> String? {
        let obstacle = DiskPath.split(error.path).folder
        let (parent, name) = DiskPath.split(obstacle)
        guard error.isObstacle,
            SegmentFormat.roots.contains(where: { DiskPath.isBelow($0, obstacle) }),
            DiskPath.isAtOrBelow(obstacle, folder)
        else { return nil }
        let key = name.utf8.firstIndex(of: UInt8(ascii: "=")).map { name[...$0] } ?? ""
        return DiskPath.join(parent, key + SegmentFormat.blockedValue)
            + folder.dropFirst(obstacle.count)
    }

    /// Returns the path of the file of ids for a sealed path; names are unique over all folders.
    package static func identityPath(forSealed path: String) -> String {
        let name = DiskPath.split(path).name
        let stem =
            name.hasSuffix(SegmentFormat.sealedSuffix)
            ? String(name.dropLast(SegmentFormat.sealedSuffix.count)) : name
        return DiskPath.join(SegmentFormat.identities, stem + SegmentFormat.identitySuffix)
    }

    /// Returns the sealed path for `folder/.name.open`; nil if `path` is not an open segment's.
    package static func sealedPath(forOpen path: String) -> String? {
        let (folder, name) = DiskPath.split(path)
        guard isOpen(name: name) else { return nil }
        return DiskPath.join(
            folder,
            String(name.dropFirst().dropLast(SegmentFormat.openSuffix.count))
        )
    }

    /// Whether a file name is an open segment's.
    package static func isOpen(name: String) -> Bool {
        name.utf8.first == UInt8(ascii: ".") && ends(name, SegmentFormat.openSuffix)
            && ends(name.dropLast(SegmentFormat.openSuffix.count), SegmentFormat.sealedSuffix)
    }

    /// Whether a file name is a sealed segment's.
    package static func isSealed(name: String) -> Bool {
        name.utf8.first != UInt8(ascii: ".") && ends(name, SegmentFormat.sealedSuffix)
    }

    /// Whether a name has the suffix; compares bytes, because there may be millions of names.
    package static func ends(_ name: some StringProtocol, _ suffix: String) -> Bool {
        name.utf8.count >= suffix.utf8.count
            && name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// Returns the time of opening in a segment's name, `20261122T100000.123Z`; its byte order is
    /// the order of time.
    package static func stamp(ofName name: String) -> Substring? {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"))
        return parts.count >= 2 ? Substring(parts[parts.count - 2]) : nil
    }

    /// Returns the path of a node's manifest for a UTC date such as `2026-11-22`.
    package static func manifestPath(date: String, node: String) -> String {
        "\(SegmentFormat.manifest)/date=\(date)/\(node)\(SegmentFormat.manifestSuffix)"
    }

    /// Returns the path of the summary beside a manifest.
    package static func summaryPath(forManifest path: String) -> String {
        path.dropLast(SegmentFormat.manifestSuffix.count) + SegmentFormat.summarySuffix
    }

    /// Returns the UTC date of a manifest, `2026-11-22`; empty if its folder is not of a day.
    package static func day(ofManifest path: String) -> String {
        let (name, key) = (DiskPath.split(DiskPath.split(path).folder).name, "date=")
        return name.hasPrefix(key) ? String(name.dropFirst(key.count)) : ""
    }

    private static func hidden(_ path: String) -> String {
        let (folder, name) = DiskPath.split(path)
        return DiskPath.join(folder, ".\(name)")
    }
}
