import CPlatform
import Glibc
import Intake

/// Holds `PATH.lock` for an `ipc://PATH` endpoint: libzmq lets a second process take over a bound
/// path without a word, and the first then receives nothing more.
final class EndpointLock: Sendable {
    private let descriptor: Int32

    /// Nil for endpoints that need no lock (tcp, and abstract ipc names).
    init?(endpoint: String) throws(IntakeError) {
        guard endpoint.hasPrefix("ipc://"), !endpoint.hasPrefix("ipc://@") else { return nil }
        let path = endpoint.dropFirst("ipc://".count) + ".lock"
        descriptor = open(String(path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw IntakeError(
                "cannot lock \(endpoint): open \(path): \(String(cString: strerror(errno)))"
            )
        }
        guard cplatform_lock_exclusive(descriptor) == 0 else {
            close(descriptor)
            throw IntakeError("\(endpoint) is in use by another process (it holds \(path))")
        }
    }

    deinit {
        close(descriptor)
    }
}
