package import Disk

/// The names of the files that ``Repair`` writes.
///
///     part-c1-0-20261122T100000.123Z-1.ndjson.gz             damaged
///     .part-c1-0-20261122T100000.123Z-1.ndjson.gz.repaired   the saved part; no reader sees it
///     part-c1-0-20261122T100000.123Z-1.repaired.ndjson.gz    the same, once an operator shows it
///     .part-c1-0-20261122T100000.123Z-1.ndjson.gz.damaged    the damaged one, once he hides it
///
/// Hidden at first: events that are in the damaged file as well would be counted twice.
package enum Repaired {
    package static let suffix = ".repaired"
    /// The suffix of a file that is still being written.
    package static let partSuffix = ".repairing"
    /// The number of repaired copies of one file that are searched for.
    private static let copiesMax = 9

    /// Returns the sealed path of a segment in any state: `.X.open`, `.X.damaged`, `.X.2.damaged`
    /// and `X` all have `X`; nil for foreign files.
    package static func sealedPath(for path: String) -> String? {
        let (folder, name) = DiskPath.split(path)
        if Layout.isSealed(name: name) { return path }
        guard name.hasPrefix("."), let end = name.firstRange(of: SegmentFormat.sealedSuffix) else {
            return nil
        }
        return DiskPath.join(folder, String(name[..<end.upperBound].dropFirst()))
    }

    /// Returns the first free name for the saved part of `sealed`.
    package static func freePath(forSealed sealed: String, in fileSystem: any FileSystem) -> String
    {
        var number = 1
        while fileSystem.exists(hiddenPath(forSealed: sealed, number))
            || fileSystem.exists(visiblePath(forSealed: sealed, number))
        {
            number += 1
        }
        return hiddenPath(forSealed: sealed, number)
    }

    package static func hiddenPath(forSealed sealed: String, _ number: Int) -> String {
        let (folder, name) = DiskPath.split(sealed)
        return DiskPath.join(folder, ".\(name)\(number == 1 ? "" : ".\(number)")\(suffix)")
    }

    package static func visiblePath(forSealed sealed: String, _ number: Int) -> String {
        sealed.dropLast(SegmentFormat.sealedSuffix.count) + suffix
            + (number == 1 ? "" : "\(number)")
            + SegmentFormat.sealedSuffix
    }

    /// Returns the name under which readers see a hidden repaired file.
    package static func visiblePath(forHidden path: String) -> String? {
        guard let sealed = sealedPath(for: path) else { return nil }
        for number in 1...copiesMax where hiddenPath(forSealed: sealed, number) == path {
            return visiblePath(forSealed: sealed, number)
        }
        return nil
    }

    /// Whether a sealed file is a repaired one, by its name.
    package static func isRepaired(_ path: String) -> Bool {
        (1...copiesMax).contains { number in
            path.hasSuffix(
                suffix + (number == 1 ? "" : "\(number)") + SegmentFormat.sealedSuffix
            )
        }
    }

    /// Returns the repaired file that readers see instead of `sealed`.
    package static func visible(for sealed: String, in fileSystem: any FileSystem) -> String? {
        (1...copiesMax).lazy.map { visiblePath(forSealed: sealed, $0) }.first {
            fileSystem.exists($0)
        }
    }

    package static func visible(forAside path: String, in fileSystem: any FileSystem) -> String? {
        sealedPath(for: path).flatMap { visible(for: $0, in: fileSystem) }
    }

    /// Whether a part of `sealed` was saved already, visible or not.
    package static func exists(for sealed: String, in fileSystem: any FileSystem) -> Bool {
        fileSystem.exists(hiddenPath(forSealed: sealed, 1))
            || visible(for: sealed, in: fileSystem) != nil
    }
}
