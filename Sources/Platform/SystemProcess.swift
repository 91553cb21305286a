import CPlatform

/// Calls that concern this process and its user as a whole.
package enum SystemProcess {
    /// Names the calling thread; longer names are cut to 15 bytes.
    package static func nameThread(_ name: String) {
        cplatform_name_thread(name)
    }

    /// Starts rand(3) from a number that nobody can guess.
    package static func seedRand() {
        _ = cplatform_seed_rand()
    }

    /// Whether a user belongs to a group, by the system's databases, which may read files or the network.
    package static func isUser(_ uid: UInt32, inGroup gid: UInt32) -> Bool {
        cplatform_user_in_group(uid, gid)
    }
}
