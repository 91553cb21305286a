import Archive
import Disk

/// Every path that was looked at on the disks of one life, by a number, its place: what a disk holds is
/// then a list of places, which is fast to copy and to compare.
///
/// All states of a disk and their copies share one. One thread.
final class PathTable {
    /// What is known of a path.
    struct Place {
        let path: String
        let name: String
        /// The place of its folder; the data folder's own is 0.
        let folder: Int
        /// As what a segment it is named; nil for what is none, as all below the manifests' folder.
        let kind: SegmentTree.Kind?
        /// Whether it is a manifest, and not the copy that is to take a manifest's place.
        let isManifest: Bool
        /// The place that an open segment, or one kept aside, was to have when sealed.
        let sealed: Int?
        /// What was ever looked at in it, in order of names.
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
