import Archive
import Disk

/// The paths used on the disks of one life, each with a number, its place.
///
/// A disk's content is then a list of places, which is fast to copy and compare. All states of a
/// disk and their copies share one table. For one thread.
final class PathTable {
    /// The properties of a path.
    struct Place {
        let path: String
        let name: String
        /// The place of its folder; the data folder's own is 0.
        let folder: Int
        /// The kind of segment by its name; nil if it is none, as below the manifests' folder.
        let kind: SegmentTree.Kind?
        /// Whether it is a manifest, and not the copy that will replace one.
        let isManifest: Bool
        /// The sealed place of an open segment, or of one set aside.
        let sealed: Int?
        /// The known paths in it, in order of names.
        fileprivate(set) var inner: [Int] = []
    }

    private(set) var places = [
        Place(path: "", name: "", folder: 0, kind: nil, isManifest: false, sealed: nil)
    ]
    private var numbers = ["": 0]

    var count: Int { places.count }

    func place(_ path: String) -> Int {
        if let known = numbers[path] { return known }
        let (above, name) = DiskPath.split(path)
        let folder = place(above)
        let isHidden = name.hasPrefix(".")
        let isBelowManifests = path.hasPrefix(SegmentFormat.manifest + "/")
        var sealed: Int?
        if isHidden, let end = name.firstRange(of: SegmentFormat.sealedSuffix)?.upperBound {
            sealed = place(DiskPath.join(above, String(name[..<end].dropFirst())))
        }
        let number = places.count
        places.append(
            Place(
                path: path,
                name: name,
                folder: folder,
                kind: isBelowManifests ? nil : SegmentTree.kind(ofName: name),
                isManifest: isBelowManifests && !isHidden,
                sealed: sealed
            )
        )
        numbers[path] = number
        let next = places[folder].inner.firstIndex { places[$0].name > name }
        places[folder].inner.insert(number, at: next ?? places[folder].inner.count)
        return number
    }
}
