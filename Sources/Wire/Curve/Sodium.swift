import CSodium

/// libsodium, set up for this process.
///
/// libzmq calls the same library; it counts no users, so either may set it up first.
enum Sodium {
    /// Set up once: this selects the fastest code for the processor.
    private static let isReady: Bool = sodium_init() >= 0

    /// Ends the process if the system has no random numbers, since no key could be trusted then.
    static func require() {
        precondition(isReady, "libsodium cannot be set up: is /dev/urandom readable?")
    }

    /// Writes random bytes of the system (getrandom(2)).
    static func fillRandomly(_ room: UnsafeMutableRawBufferPointer) {
        require()
        randombytes_buf(room.octets, room.count)
    }
}
