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
    package static let reserve = ".reserve"

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
    static func blocked(_ folder: String, by error: FileSystemError) -> String? {
        let obstacle = split(error.path).folder
        let (parent, name) = split(obstacle)
        guard error.isObstacle, roots.contains(where: { isBelow($0, obstacle) }),
            isAtOrBelow(obstacle, folder)
        else { return nil }
        let key = name.utf8.firstIndex(of: UInt8(ascii: "=")).map { name[...$0] } ?? ""
        return join(parent, key + blockedValue) + folder.dropFirst(obstacle.count)
    }

    /// The file of ids for a sealed path: names are unique over all folders.
    package static func identityPath(forSealed path: String) -> String {
        let name = split(path).name
        let stem = name.hasSuffix(sealedSuffix) ? String(name.dropLast(sealedSuffix.count)) : name
        return join(identities, stem + identitySuffix)
    }

    /// The sealed path for `folder/.name.open`; nil when `path` is not an open segment's.
    package static func sealedPath(forOpen path: String) -> String? {
        let (folder, name) = split(path)
        guard isOpen(name: name) else { return nil }
        return join(folder, String(name.dropFirst().dropLast(openSuffix.count)))
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
    static func ends(_ name: some StringProtocol, _ suffix: String) -> Bool {
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
        let (name, key) = (split(split(path).folder).name, "date=")
        return name.hasPrefix(key) ? String(name.dropFirst(key.count)) : ""
    }

    /// Splits a path into its folder (empty for none) and its last part.
    package static func split(_ path: String) -> (folder: String, name: String) {
        var path = path
        return path.withUTF8 { bytes in
            let slash = bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1
            return (
                String(decoding: bytes[..<max(0, slash)], as: UTF8.self),
                String(decoding: bytes[(slash + 1)...], as: UTF8.self)
            )
        }
    }

    /// The names of a path, folders first.
    ///
    /// By bytes: as characters, a separator and an accent behind it would be one.
    package static func parts(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a path leads below a folder.
    package static func isBelow(_ folder: String, _ path: String) -> Bool {
        path.utf8.starts(with: folder.utf8)
            && path.utf8.dropFirst(folder.utf8.count).first == UInt8(ascii: "/")
    }

    /// Whether a path is `place`, or leads below it as a folder, with or without a `/` at its end.
    ///
    /// "" is above all.
    package static func isAtOrBelow(_ place: String, _ path: String) -> Bool {
        let folder = place.utf8.last == UInt8(ascii: "/") ? String(place.dropLast()) : place
        return folder.isEmpty || folder.utf8.elementsEqual(path.utf8) || isBelow(folder, path)
    }

    /// Joins a folder and a name.
    package static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private static func hidden(_ path: String) -> String {
        let (folder, name) = split(path)
        return join(folder, ".\(name)")
    }
}
