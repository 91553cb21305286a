import Glibc

/// The group of the system whose members may steer the daemon.
package enum SteeringGroup {
    /// The number of the group that is named `name`, as the system's group database has it.
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

    private static func find(_ name: String) -> UInt32? {
        var (entry, found) = (group(), UnsafeMutablePointer<group>?.none)
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return entry.gr_gid
    }
}
