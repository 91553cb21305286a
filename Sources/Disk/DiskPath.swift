/// Functions on paths below the data folder, and their parts.
///
/// They compare bytes: as characters, a separator and an accent after it would be one.
package enum DiskPath {
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

    /// Returns the names of a path, folders first.
    package static func parts(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a path leads below a folder.
    package static func isBelow(_ folder: String, _ path: String) -> Bool {
        path.utf8.starts(with: folder.utf8)
            && path.utf8.dropFirst(folder.utf8.count).first == UInt8(ascii: "/")
    }

    /// Whether a path is `place`, or below it as a folder, with or without a `/` at its end.
    ///
    /// Every path is below "".
    package static func isAtOrBelow(_ place: String, _ path: String) -> Bool {
        let folder = place.utf8.last == UInt8(ascii: "/") ? String(place.dropLast()) : place
        return folder.isEmpty || folder.utf8.elementsEqual(path.utf8) || isBelow(folder, path)
    }

    /// Joins a folder and a name.
    package static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }
}
