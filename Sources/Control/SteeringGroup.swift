import Glibc

/// The system's group whose members may use changing verbs.
package enum SteeringGroup {
    /// Returns the number of the group `name` in the system's group database.
    static func id(named name: String, path: String) throws(ControlServerError) -> UInt32 {
        guard let id = find(name) else {
            throw ControlServerError(
                .noSuchGroup,
                path: path,
                reason: "there is no group '\(name)' on this system; make it, or change "
                    + "'control.group'"
            )
        }
        return id
    }

    /// Whether the system has a group of this name.
    package static func exists(_ name: String) -> Bool { find(name) != nil }

    /// The number of a group in the system's group database; nil if there is none of this name.
    package static func find(_ name: String) -> UInt32? {
        var (entry, found) = (group(), UnsafeMutablePointer<group>?.none)
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return entry.gr_gid
    }
}
