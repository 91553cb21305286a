package import Disk

/// Where things lie below the data folder.
///
///     events/channel=web/date=2026-11-22/hour=10/part-c1-0-20261122T100000.123Z-0.ndjson.gz
///     events/…/.part-c1-0-20261122T100000.123Z-1.ndjson.gz.open      still being written
///     events/…/.part-c1-0-20261122T100000.123Z-1.ndjson.gz.damaged   kept aside by recovery
///     quarantine/reason=invalid_json/date=2026-11-22/part-….ndjson.gz
///     manifest/date=2026-11-22/c1.ndjson
///     quarantine/.trial                                              whether its disk takes files
///     .reserve                                                       room kept for a full disk
///     dedup/part-c1-0-20261122T100000.123Z-0.ids                     ids of that segment's events
///     dedup/key                                                      by which contents are hashed
///     .lock                                                          held by the daemon
///
/// Names that start with a dot or an underscore are invisible to DuckDB, Spark and Hive, so a
/// reader never meets a partial file.
package enum Layout {
    package static let events = "events"
    package static let quarantine = "quarantine"
    package static let manifest = "manifest"
    package static let identities = "dedup"
    /// The key by which contents are hashed.
    package static let contentKey = "dedup/key"
    package static let lock = ".lock"
    /// Where segments lie.
    package static let roots = [events, quarantine]
    /// Stands for a folder's value that cannot be entered.
    package static let blockedValue = "__blocked__"
    /// Whether the disk of quarantine takes a file again; there for a moment.
    package static let trial = "quarantine/.trial"
    /// Room kept for a full disk.
    package static let reserve = DiskReserve.path

    package static let sealedSuffix = ".ndjson.gz"
    package static let openSuffix = ".open"
    package static let damagedSuffix = ".damaged"
    /// Ends the name of a copy that is still being written, behind an open segment's.
    package static let copySuffix = ".recovering"
    package static let identitySuffix = ".ids"
    package static let manifestSuffix = ".ndjson"
    package static let summarySuffix = ".summary.json"

    /// `folder/.name.open` for the sealed path `folder/name`.
    package static func openPath(forSealed path: String) -> String {
        hidden(path) + openSuffix
    }

    /// `folder/.name.damaged` for the sealed path `folder/name`.
    package static func damagedPath(forSealed path: String) -> String {
        hidden(path) + damagedSuffix
    }

    /// Another name for a sealed file whose own is taken: `part-….2.ndjson.gz`.
    package static func alternative(toSealed path: String, _ number: Int) -> String {
        "\(path.dropLast(sealedSuffix.count)).\(number)\(sealedSuffix)"
    }

    /// The folder that takes a partition's files when what failed says that `folder`, or one above it,
    /// cannot be entered: with `__blocked__` for its value, `events/channel=__blocked__/date=…`.
    ///
    /// Nil when that would not help: it is no partition's.
    package static func blocked(_ folder: String, by error: FileSystemError) -> String? {
        let obstacle = DiskPath.split(error.path).folder
        let (parent, name) = DiskPath.split(obstacle)
        guard error.isObstacle, roots.contains(where: { DiskPath.isBelow($0, obstacle) }),
            DiskPath.isAtOrBelow(obstacle, folder)
        else { return nil }
        let key = name.utf8.firstIndex(of: UInt8(ascii: "=")).map { name[...$0] } ?? ""
        return DiskPath.join(parent, key + blockedValue) + folder.dropFirst(obstacle.count)
    }

    /// The file of ids for a sealed path: names are unique over all folders.
    package static func identityPath(forSealed path: String) -> String {
        let name = DiskPath.split(path).name
        let stem = name.hasSuffix(sealedSuffix) ? String(name.dropLast(sealedSuffix.count)) : name
        return DiskPath.join(identities, stem + identitySuffix)
    }

    /// The sealed path for `folder/.name.open`; nil when `path` is not an open segment's.
    package static func sealedPath(forOpen path: String) -> String? {
        let (folder, name) = DiskPath.split(path)
        guard isOpen(name: name) else { return nil }
        return DiskPath.join(folder, String(name.dropFirst().dropLast(openSuffix.count)))
    }

    /// Whether a file name is an open segment's.
    package static func isOpen(name: String) -> Bool {
        name.utf8.first == UInt8(ascii: ".") && ends(name, openSuffix)
            && ends(name.dropLast(openSuffix.count), sealedSuffix)
    }

    /// Whether a file name is a sealed segment's.
    package static func isSealed(name: String) -> Bool {
        name.utf8.first != UInt8(ascii: ".") && ends(name, sealedSuffix)
    }

    /// Whether a name ends so; by bytes, for there may be millions of names.
    package static func ends(_ name: some StringProtocol, _ suffix: String) -> Bool {
        name.utf8.count >= suffix.utf8.count
            && name.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// The time in a segment's name, `20261122T100000.123Z`, at which it was opened; its bytes sort as the
    /// times do.
    package static func stamp(ofName name: String) -> Substring? {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"))
        return parts.count >= 2 ? Substring(parts[parts.count - 2]) : nil
    }

    /// The manifest of a node for a UTC date such as `2026-11-22`.
    package static func manifestPath(date: String, node: String) -> String {
        "\(manifest)/date=\(date)/\(node)\(manifestSuffix)"
    }

    /// The summary beside a manifest.
    package static func summaryPath(forManifest path: String) -> String {
        path.dropLast(manifestSuffix.count) + summarySuffix
    }

    /// The UTC date of a manifest, `2026-11-22`; empty when its folder is none of a day.
    package static func day(ofManifest path: String) -> String {
        let (name, key) = (DiskPath.split(DiskPath.split(path).folder).name, "date=")
        return name.hasPrefix(key) ? String(name.dropFirst(key.count)) : ""
    }

    private static func hidden(_ path: String) -> String {
        let (folder, name) = DiskPath.split(path)
        return DiskPath.join(folder, ".\(name)")
    }
}
